/** What landing-api is asked about forms: how it would read a body, and to take a kept post once more. */
import { z } from 'zod';
import type { Database } from '@leadwire/shared/providers/supabase';
import { openRejects, type RejectRow } from './form-store.ts';

const TIMEOUT_MS = 10_000;

export interface LandingApi {
  /** Without a slash at its end. */
  url: string;
  adminToken: string;
}

/** landing-api did not answer, or not as it should. */
export class LandingApiError extends Error {
  override readonly name = 'LandingApiError';
}

const readingSchema = z.looseObject({
  form: z.string(),
  known: z.boolean(),
  readable: z.boolean(),
  why: z.string().optional(),
  dialect: z.string().optional(),
  test: z.boolean().optional(),
  id: z.string().nullish(),
  fields: z
    .array(z.object({ name: z.string(), as: z.string(), near: z.string().optional() }))
    .default([]),
  lead: z.record(z.string(), z.unknown()).optional(),
});
export type ShownReading = z.infer<typeof readingSchema>;

/** How a body would be read by the running service; no lead is made. @throws LandingApiError */
export async function testForm(
  api: LandingApi,
  slug: string,
  { body, contentType }: { body: string; contentType: string },
): Promise<ShownReading> {
  const path = `/api/forms/${encodeURIComponent(slug)}/test`;
  const { status, json } = await post(api, path, body, { 'content-type': contentType });
  const reading = readingSchema.safeParse(json).data;
  if (reading === undefined) throw new LandingApiError(`landing-api answered ${status}`);
  return reading;
}

export interface RetryReport {
  taken: number;
  /** Those that still make no lead, with why. */
  left: { id: string; why: string }[];
}

/**
 * Has every kept post of a form read again, oldest first. One that makes a lead is taken under the time at which it
 * came and a key of its own, so a retry that breaks off and is begun again doubles nothing.
 * @throws LandingApiError when the service does not answer; as `Database`.
 */
export async function retryRejects(
  api: LandingApi,
  database: Database,
  slug: string,
): Promise<RetryReport> {
  const report: RetryReport = { taken: 0, left: [] };
  for (const reject of await openRejects(database, slug)) {
    const { status, json } = await repost(api, reject);
    if (status === 422 || status === 400) {
      report.left.push({ id: reject.id, why: errorIn(json) });
      continue;
    }
    if (status < 200 || status > 299) throw new LandingApiError(`landing-api answered ${status}`);
    await database.call(
      'leadwire_take_reject',
      { reject: reject.id, lead: leadIdIn(json) },
      z.unknown(),
    );
    report.taken += 1;
  }
  return report;
}

function repost(api: LandingApi, reject: RejectRow) {
  const { form, query, body, encoding } = reject;
  const path = `/api/forms/${encodeURIComponent(form)}${query === '' ? '' : `?${query}`}`;
  return post(api, path, encoding === 'base64' ? Buffer.from(body, 'base64') : body, {
    'content-type': reject.content_type || 'application/octet-stream',
    'x-leadwire-reject': reject.id,
    'x-leadwire-received-at': new Date(reject.received_at).toISOString(),
  });
}

async function post(
  { url, adminToken }: LandingApi,
  path: string,
  body: string | Buffer,
  headers: Record<string, string>,
): Promise<{ status: number; json: unknown }> {
  const request = {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${adminToken}` },
    body: typeof body === 'string' ? body : new Uint8Array(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const response = await fetch(url + path, request).catch((thrown: unknown) => {
    throw new LandingApiError(`landing-api does not answer at ${url}`, { cause: thrown });
  });
  if (response.status === 401) throw new LandingApiError('landing-api refuses the ADMIN_TOKEN');
  const text = await response.text();
  return { status: response.status, json: jsonOf(text) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorIn(json: unknown): string {
  return z.object({ error: z.string() }).safeParse(json).data?.error ?? 'not readable';
}

/** Some senders want another answer than ours: then the lead is known by its key alone. */
function leadIdIn(json: unknown): string | null {
  return z.object({ leadId: z.uuid() }).safeParse(json).data?.leadId ?? null;
}
