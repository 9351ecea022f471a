/** What each sender wants to hear. Common to all: 200 means "do not send this again". */
import type { Dialect } from '@leadwire/shared/contract/intake-forms';

export interface FormAnswer {
  status: number;
  body: string | object;
}

/** The post became a lead, now or before; or it was a test, and there is none. */
export function takenAnswer(
  dialect: Dialect,
  taken: { leadId?: string; duplicate?: boolean | undefined; test?: boolean },
): FormAnswer {
  // Tilda shows what it was answered to whoever set the form up; Google asks for an empty object.
  if (dialect === 'tilda') return { status: 200, body: 'ok' };
  if (dialect === 'google-ads') return { status: 200, body: {} };
  return { status: 200, body: { success: true, ...taken } };
}

/**
 * The post made no lead and is kept. A program of somebody's own is told so; a page builder would show its visitor an
 * error, or switch the hook off, and could not send anything better the second time.
 */
export function keptAnswer(dialect: Dialect | undefined, why: string): FormAnswer {
  if (dialect === 'tilda') return { status: 200, body: 'ok' };
  if (dialect === 'google-ads') return { status: 200, body: {} };
  if (dialect === 'json') return { status: 400, body: { success: false, error: why, issues: [] } };
  return { status: 200, body: { success: false, error: why } };
}

/** The secret is missing or wrong. Google shows `message` to who set the form up. */
export function strangerAnswer(dialect: Dialect | undefined): FormAnswer {
  const error = 'the key of this form is missing or wrong';
  if (dialect === 'google-ads') return { status: 401, body: { message: error } };
  return { status: 401, body: { success: false, error, issues: [] } };
}
