/** One lead on one screen. */
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { LeadReport, Rows } from '@leadwire/operations/leads/lead-report';
import {
  maskEmail,
  maskJson,
  maskName,
  maskPhone,
  maskText,
} from '@leadwire/operations/masking/mask';
import { ALMATY_NOTE, clock, columns, fromNow, oneLine, paint, type Style } from '../terminal.ts';

const COLOURS: Readonly<Record<string, Style>> = {
  sent: 'green',
  synced: 'green',
  delivered: 'green',
  failed: 'red',
  bounced: 'red',
  complained: 'red',
  error: 'red',
  unknown: 'magenta',
  skipped: 'yellow',
  sending: 'cyan',
};

const INDENT = '  ';

/** The screen, line by line. Contact data is masked unless `isPrivate`. */
export function leadScreen(report: LeadReport, isPrivate: boolean): string[] {
  return [
    paint('bold', `Lead ${report.lead.leadId}`),
    ...personLines(report, isPrivate),
    ...section('Deliveries', deliveryLines(report)),
    ...section('What happened', factLines(report)),
    ...section('Deal in AmoCRM', dealLines(report)),
    ...section('Provider calls', callLines(report)),
    ...section('Dead letters', deadLines(report)),
    ...section('Database', databaseLines(report.database)),
    '',
    paint('dim', ALMATY_NOTE),
    ...(isPrivate ? [] : [paint('dim', 'Contact data is masked; --private shows it.')]),
  ];
}

/** The same for a program: what a terminal would not show is left out. */
export function leadJson(report: LeadReport, isPrivate: boolean): unknown {
  const whole = {
    ...report,
    groupTitles: Object.fromEntries(report.groupTitles),
    waiting: report.waiting.map(({ entry, kind, at }) => ({
      delivery: entry.deliveryId,
      kind,
      at,
    })),
    deadLetters: report.deadLetters.map(({ data: _, ...letter }) => letter),
  };
  // Through JSON first: the mask knows strings, not dates.
  const plain: unknown = JSON.parse(JSON.stringify(whole));
  return isPrivate ? plain : maskJson(plain);
}

function dealLines({ deal }: LeadReport): string[] {
  if (deal.length === 0) return words('none yet');
  const rows = deal.map(({ at, outcome, dealId, stage, stageId, reason, error }) => [
    clock(at),
    coloured(outcome),
    dealId === undefined ? '-' : String(dealId),
    oneLine(stage ?? String(stageId ?? '-')),
    [reason, error === undefined ? undefined : maskText(error)]
      .filter((each) => each !== undefined)
      .map(oneLine)
      .join(', '),
  ]);
  return columns(['WHEN', 'WHAT', 'DEAL', 'STAGE', 'NOTE'], rows, INDENT);
}

function personLines({ lead, seq, isQuarantined }: LeadReport, isPrivate: boolean): string[] {
  const show = (mask: (text: string) => string, text: string | null) =>
    text === null ? '-' : oneLine(isPrivate ? text : mask(text));
  const utm = Object.entries(lead.utm).map(([name, value]) => `${name}=${value}`);
  const fields: [string, string][] = [
    [
      'form',
      `${lead.source} (${lead.kind})${isQuarantined ? paint('yellow', ' quarantined') : ''}`,
    ],
    ['received', `${clock(lead.receivedAt)} (${fromNow(lead.receivedAt)}), LEADS ${seq}`],
    ['name', show(maskName, lead.name)],
    ['email', show(maskEmail, lead.email)],
    ['phone', show(maskPhone, lead.phone)],
    ['issues', lead.contactIssues.join(', ')],
    ['payment', oneLine(lead.paymentMethod ?? '')],
    ['utm', oneLine(utm.join(' '))],
    ['consent', consentWords(lead)],
    ['answers', jsonLine(lead.answers, 'answers', isPrivate)],
    ['metadata', jsonLine(lead.metadata, 'metadata', isPrivate)],
  ];
  return fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `  ${name.padEnd(10)}${value}`);
}

function consentWords({ consentAt, consentText }: LeadReport['lead']): string {
  if (consentAt === undefined) return '';
  const text = consentText === undefined ? '' : `, "${oneLine(maskText(consentText))}"`;
  return `${clock(consentAt)}${text}`;
}

function jsonLine(value: object, key: string, isPrivate: boolean): string {
  if (Object.keys(value).length === 0) return '';
  return oneLine(JSON.stringify(isPrivate ? value : maskJson(value, key, true)));
}

function deliveryLines(report: LeadReport): string[] {
  const { deliveries, groupTitles, waiting, isQuarantined } = report;
  if (deliveries.length === 0) {
    return words(isQuarantined ? 'none: nobody is written to' : 'none planned yet');
  }
  const head = [
    'CHANNEL',
    'TEMPLATE OR GROUP',
    'STATE',
    'DUE',
    'ENDED',
    'ATTEMPTS',
    'PROVIDER ID',
    'NOTE',
  ];
  const rows = deliveries.map((entry) => [
    entry.channel,
    oneLine(groupTitles.get(entry.template) ?? entry.template),
    coloured(entry.state),
    clock(entry.dueAt),
    entry.settledAt === undefined ? '-' : clock(entry.settledAt),
    String(entry.attempts),
    oneLine(entry.providerId ?? '-'),
    noteOf(
      entry,
      waiting.filter((one) => one.entry === entry),
    ),
  ]);
  return columns(head, rows, INDENT);
}

/** Why it ended as it did, or where its message is. */
function noteOf(entry: LedgerEntry, waiting: LeadReport['waiting']): string {
  const { settledAt, reason, error, leaseUntil, reopenedFor } = entry;
  const places = waiting.map(({ kind, at }) =>
    kind === 'due' ? 'its message is due' : `waits${at ? `, leaves ${fromNow(at)}` : ''}`,
  );
  const isOpen = settledAt === undefined;
  return [
    leaseUntil !== undefined && isOpen && `held until ${clock(leaseUntil)}`,
    ...places,
    isOpen && places.length === 0 && paint('red', 'no message waits for it'),
    reason,
    error !== undefined && maskText(oneLine(error)),
    reopenedFor !== undefined && 'redriven',
  ]
    .filter(Boolean)
    .join(', ');
}

function factLines({ facts }: LeadReport): string[] {
  if (facts.length === 0) return words('nothing yet');
  const rows = facts.map(({ seq, data }) => [
    clock(data.at),
    data.channel,
    coloured(data.outcome),
    String(seq),
    [data.providerId, data.reason, data.error && maskText(data.error)]
      .filter((each) => each !== undefined)
      .map(oneLine)
      .join(', '),
  ]);
  return columns(['WHEN', 'CHANNEL', 'OUTCOME', 'DELIVERIES', 'NOTE'], rows, INDENT);
}

function callLines({ calls, isCallsCut }: LeadReport): string[] {
  const cut = isCallsCut ? words('there are very many: only the first ones were looked at') : [];
  if (calls.length === 0) return [...words('none'), ...cut];
  const rows = calls.map(({ at, action, status, durationMs, error }) => [
    clock(at),
    action,
    coloured(status),
    `${durationMs} ms`,
    error === undefined ? '' : maskText(oneLine(error)),
  ]);
  return [...columns(['WHEN', 'ACTION', 'STATUS', 'TOOK', 'ERROR'], rows, INDENT), ...cut];
}

function deadLines({ deadLetters }: LeadReport): string[] {
  if (deadLetters.length === 0) return words('none');
  const rows = deadLetters.map(({ seq, at, durable, cause, attempts, error }) => [
    String(seq),
    clock(at),
    durable,
    paint('yellow', cause),
    String(attempts),
    maskText(oneLine(error)),
  ]);
  return columns(['SEQ', 'WHEN', 'DURABLE', 'CAUSE', 'ATTEMPTS', 'ERROR'], rows, INDENT);
}

const NO_KEY = 'not looked at: LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY are not given';

function databaseLines(rows: Rows | string = NO_KEY): string[] {
  if (typeof rows === 'string') return words(oneLine(maskText(rows)));
  const { lead, manager, notifications, shortLinks } = rows;
  if (!lead) return words('landing_leads has no row for it (yet)');
  const [email, sms] = [lead['email_status'], lead['sms_status']].map((each) =>
    coloured(cell(each)),
  );
  const links = shortLinks.map(({ code, clicks }) => `${cell(code)} (${cell(clicks)} clicks)`);
  const table = notifications.map((row) => [
    cell(row['channel']),
    coloured(cell(row['status'])),
    timeCell(row['sent_at'] ?? row['failed_at'] ?? row['skipped_at']),
    cell(row['attempts']),
    maskText([row['reason'], row['error']].filter(Boolean).map(cell).join(', ')),
  ]);
  return [
    ...words(`landing_leads: email ${email}, sms ${sms}`),
    ...(manager
      ? words(`manager: ${managerWords(manager)}, since ${timeCell(lead['taken_at'])}`)
      : []),
    ...(links.length === 0 ? [] : words(`short_links: ${links.join(', ')}`)),
    ...words('scheduled_notifications:'),
    ...columns(['CHANNEL', 'STATUS', 'ENDED', 'ATTEMPTS', 'NOTE'], table, INDENT),
  ];
}

/** As the console calls them: the name, or the address before the @. */
function managerWords({ name, email }: Record<string, unknown>): string {
  return name ? cell(name) : cell(email).replace(/@.*/, '');
}

function cell(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? oneLine(String(value)) : '-';
}

function timeCell(value: unknown): string {
  return typeof value === 'string' ? clock(value) : '-';
}

function section(title: string, lines: readonly string[]): string[] {
  return ['', paint('bold', title), ...lines];
}

function words(text: string): string[] {
  return [INDENT + text];
}

function coloured(state: string): string {
  const colour = COLOURS[state];
  return colour === undefined ? state : paint(colour, state);
}
