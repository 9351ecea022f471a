/** `leads list` and `leads find`: which leads there are, newest first. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  findLeads,
  leadStates,
  type FoundLead,
  type LeadCursor,
  type LeadPage,
  type LeadQuery,
  type LeadState,
} from '@leadwire/operations/leads/lead-list';
import { maskEmail, maskName, maskPhone, maskText } from '@leadwire/operations/masking/mask';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { openLanding } from '../landing.ts';
import { parseCount, parseTime } from '../options.ts';
import { ALMATY_NOTE, clock, columns, counted, oneLine, paint, say } from '../terminal.ts';

const LIST_LIMIT = 50;

interface ListFlags {
  source?: string;
  kind?: string;
  since?: Date;
  until?: Date;
  state?: LeadState;
  limit: number;
  after?: LeadCursor;
  private?: boolean;
  json?: boolean;
}

export function addLeadListCommands(leads: Command, readEnv: () => CliEnv): void {
  const more = (command: Command) =>
    command
      .option('--source <source>', 'only of this form: proftest_spring, course_purchase, …')
      .option('--kind <kind>', 'only this kind: proftest, purchase or request')
      .addOption(new Option('--since <time>', '2h, 30m, 7d ago, or a time').argParser(parseAgo))
      .addOption(new Option('--until <time>', 'the same').argParser(parseAgo))
      .addOption(new Option('--state <state>', 'only these').choices(leadStates))
      .option('--limit <count>', 'at most so many, newest first', parseCount, LIST_LIMIT)
      .option('--after <mark>', 'go on after a page, as its end says', parseMark)
      .option('--private', 'show contact data as it is');

  more(leads.command('list'))
    .description('leads, newest first')
    .action((flags: ListFlags) => list(readEnv(), undefined, flags));

  more(leads.command('find'))
    .description('leads by any part of name, phone (any digits of it) or mail')
    .argument(
      '<text...>',
      'what is known: "Айгерим", 4567, @mail.kz; several words have to fit all',
    )
    .action((text: string[], flags: ListFlags) => list(readEnv(), text.join(' '), flags));
}

const parseAgo = (text: string) => parseTime(text);

async function list(env: CliEnv, text: string | undefined, flags: ListFlags): Promise<void> {
  const { source, kind, since, until, state, limit, after: before } = flags;
  const page = await searchLeads(env, { text, source, kind, since, until, state, limit, before });
  const shown = flags.private ? page.leads : page.leads.map(masked);
  const mark = page.next && markOf(page.next);
  if (flags.json) return answer({ leads: shown, next: mark ?? null });
  if (shown.length === 0) return say('No lead fits.');
  say(...leadTable(shown), '', ...footer(page, mark, flags.private ?? false));
}

/** @throws UsageError without a key of the database, LeadError for a text that is too short. */
export async function searchLeads(env: CliEnv, query: LeadQuery): Promise<LeadPage> {
  const database = await openLanding(env);
  if (database) return findLeads(database, query);
  throw new UsageError(
    'LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are needed: leads are looked for in the database.',
  );
}

/** Contact data made unreadable, enough left to recognise somebody. */
export function masked(lead: FoundLead): FoundLead {
  const { name, email, phone, dealError } = lead;
  return {
    ...lead,
    name: name && maskName(name),
    email: email && maskEmail(email),
    phone: phone && maskPhone(phone),
    dealError: dealError && maskText(dealError),
  };
}

export function leadTable(leads: readonly FoundLead[]): string[] {
  const head = [
    'LEAD',
    'WHEN',
    'SOURCE',
    'NAME',
    'PHONE',
    'MAIL',
    'EMAIL',
    'SMS',
    'DEAL',
    'MANAGER',
  ];
  const rows = leads.map((lead) => [
    lead.leadId,
    clock(lead.at),
    oneLine(`${lead.source ?? '-'}${lead.isQuarantined ? ' quarantined' : ''}`),
    oneLine(lead.name ?? '-'),
    oneLine(lead.phone ?? '-'),
    oneLine(lead.email ?? '-'),
    lead.emailBouncedAt === null ? coloured(lead.emailStatus) : paint('red', 'bounced'),
    coloured(lead.smsStatus),
    dealOf(lead),
    oneLine(lead.manager ?? '-'),
  ]);
  return columns(head, rows);
}

function dealOf({ dealId, stage, dealError }: FoundLead): string {
  if (dealError !== null) return paint('red', oneLine(dealError));
  return dealId === null ? '-' : oneLine(`${dealId}${stage === null ? '' : ` ${stage}`}`);
}

function coloured(status: string | null): string {
  if (status === null) return '-';
  if (status === 'failed') return paint('red', status);
  return status === 'unknown' ? paint('magenta', status) : status;
}

function footer(page: LeadPage, mark: string | undefined, isPrivate: boolean): string[] {
  const count = counted(page.leads.length, 'lead');
  const lines = [mark === undefined ? `${count}.` : `${count}; more: --after ${mark}`, ALMATY_NOTE];
  if (!isPrivate) lines.push('Contact data is masked; --private shows it.');
  return lines.map((line) => paint('dim', line));
}

/** One word that a shell takes as it is. */
function markOf({ at, id }: LeadCursor): string {
  return `${at}_${id}`;
}

function parseMark(text: string): LeadCursor {
  const [, at, id] = /^(\d{4}-[\dT:.+Z-]+)_([0-9a-f-]{36})$/.exec(text) ?? [];
  if (at !== undefined && id !== undefined) return { at, id };
  throw new InvalidArgumentError('expected the mark that the page before ended with');
}
