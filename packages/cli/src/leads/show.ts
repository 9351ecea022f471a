/** `leads show`: one lead by whatever a person has of it. */
import { isLeadId } from '@leadwire/operations/leads/find-lead';
import { LeadError } from '@leadwire/operations/leads/lead-error';
import type { FoundLead } from '@leadwire/operations/leads/lead-list';
import { leadReport, type LeadReport } from '@leadwire/operations/leads/lead-report';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { openLanding } from '../landing.ts';
import { clock, oneLine, paint, say } from '../terminal.ts';
import { searchLeads } from './lead-list-commands.ts';
import { leadJson, leadScreen } from './lead-screen.ts';

/** Of one person's leads. */
const MOST_OTHERS = 10;

export interface ShowFlags {
  private?: boolean;
  json?: boolean;
}

/** @throws LeadError, FailedError, UsageError in words when there is none, or several. */
export async function showLead(env: CliEnv, text: string, flags: ShowFlags): Promise<void> {
  const isPrivate = flags.private ?? false;
  const { report, others } = isLeadId(text)
    ? await byIdOrPhone(env, text)
    : await byContact(env, text);
  if (flags.json) return answer(leadJson(report, isPrivate));
  say(...leadScreen(report, isPrivate), ...otherLines(others));
}

interface Shown {
  report: LeadReport;
  others: FoundLead[];
}

/** Eight digits may be the beginning of an id, or of a phone. */
async function byIdOrPhone(env: CliEnv, text: string): Promise<Shown> {
  try {
    return { report: await report(env, text), others: [] };
  } catch (thrown) {
    const isUnknown = thrown instanceof LeadError && thrown.problem === 'unknown';
    const isPhone = /^\d+$/.test(text) && env.LANDING_SUPABASE_URL !== undefined;
    if (isUnknown && isPhone) return byContact(env, text);
    throw thrown;
  }
}

async function byContact(env: CliEnv, text: string): Promise<Shown> {
  if (env.LANDING_SUPABASE_URL === undefined) {
    throw new UsageError(
      `"${oneLine(text)}" is no lead's id, nor a part of one; to look for a contact, LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are needed.`,
    );
  }
  const { leads } = await searchLeads(env, { text, limit: MOST_OTHERS + 1 });
  const [newest, ...others] = leads;
  if (!newest) throw new FailedError(`No lead has "${oneLine(text)}" in name, phone or mail.`);
  return { report: await report(env, newest.leadId), others };
}

function report(env: CliEnv, id: string): Promise<LeadReport> {
  return withBus(env, async (bus) => {
    const database = await openLanding(env);
    return leadReport({ bus, database, journalDir: env.JOURNAL_DIR }, id);
  });
}

function otherLines(others: readonly FoundLead[]): string[] {
  if (others.length === 0) return [];
  const lines = others
    .slice(0, MOST_OTHERS)
    .map(({ leadId, at, source }) => `  ${leadId}  ${clock(at)}  ${oneLine(source ?? '-')}`);
  return ['', paint('bold', 'It fits older leads as well'), ...lines];
}
