/** What a campaign looks like on the screen. */
import type {
  CampaignPreview,
  CampaignView,
  Counted,
} from '@leadwire/operations/campaigns/campaign-view';
import { waitLines } from './campaign-times.ts';
import { maskContact, maskName } from '@leadwire/operations/masking/mask';
import {
  ALMATY_NOTE,
  almatyClock,
  clock,
  columns,
  counted,
  oneLine,
  paint,
  type Style,
} from '../terminal.ts';

const COLOURS: Readonly<Record<string, Style>> = {
  draft: 'dim',
  scheduled: 'cyan',
  running: 'cyan',
  paused: 'yellow',
  cancelled: 'yellow',
  finished: 'green',
};

/** Why a campaign paused, in words; a reason that is not here stands for itself. */
const PAUSES: Readonly<Record<string, string>> = {
  by_hand: 'by hand',
  too_many_bounces: 'too many mails came back',
  too_many_errors: 'too many messages failed',
  provider_stopped: 'the provider refuses to send: key, account or balance',
  cannot_render: 'its texts cannot be made',
};

/** `1,234`. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

export function statusInWords({ status, pauseReason }: CampaignView): string {
  const reason = pauseReason === null ? '' : ` (${PAUSES[pauseReason] ?? pauseReason})`;
  return paint(COLOURS[status] ?? 'reset', status) + (status === 'paused' ? reason : '');
}

/** The newest campaigns, one line each. */
export function campaignList(campaigns: readonly CampaignView[]): string[] {
  const rows = campaigns.map((campaign) => {
    const { id, channel, counts, createdAt, name } = campaign;
    const done = `${grouped(counts.sent)} of ${grouped(counts.audience)}`;
    const made = createdAt === null ? '' : clock(createdAt);
    return [id.slice(0, SHORT_ID), made, channel, statusInWords(campaign), done, oneLine(name)];
  });
  return [...columns(['id', 'made', 'channel', 'status', 'sent', 'name'], rows), ALMATY_NOTE];
}
/** Enough to name a campaign by. */
export const SHORT_ID = 13;

/** Where a campaign stands, and what became of everybody: the final table. */
export function campaignTable(campaign: CampaignView): string[] {
  const { counts } = campaign;
  const open = counts.pending + counts.sending;
  const share = (part: number) =>
    counts.audience === 0 ? '' : `${((part / counts.audience) * 100).toFixed(1)} %`;
  const row = (name: string, value: number, style?: Style) => {
    const isDull = value === 0 || style === undefined;
    return [isDull ? name : paint(style, name), grouped(value).padStart(9), share(value)];
  };
  const always = [
    row('audience', counts.audience),
    row('sent', counts.sent, 'green'),
    row('failed', counts.failed, 'red'),
    row('skipped', counts.skipped, 'yellow'),
    row('unknown', counts.unknown, 'magenta'),
    row('still open', open, 'cyan'),
  ];
  const happened = (['delivered', 'opened', 'clicked', 'bounced', 'complained'] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => row(`  ${name}`, counts[name]));
  return [
    `${paint('bold', oneLine(campaign.name))}  ${statusInWords(campaign)}`,
    ...columns(['', '   people', ''], [...always.slice(0, 2), ...happened, ...always.slice(2)]),
    ...timeLines(campaign),
    ...waitLines(campaign),
  ];
}

function timeLines({ startedAt, finishedAt, counts }: CampaignView): string[] {
  if (startedAt === null) return [];
  if (finishedAt === null) return [`started ${almatyClock(startedAt)}`];
  const seconds = Math.max(1, (Date.parse(finishedAt) - Date.parse(startedAt)) / 1_000);
  const rate = counts.sent / seconds;
  const pace = `${grouped(rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate))} a second`;
  return [`started ${almatyClock(startedAt)}, took ${duration(seconds)}, ${pace}`];
}

/** `45 s`, `2 min 5 s`, `3 h 20 min`. */
export function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}

/** `3,000 people`. */
export function peopleIn(count: number): string {
  return `${grouped(count)} ${count === 1 ? 'person' : 'people'}`;
}

/** How many people, and how many are left out and why. */
export function countedLines({ read, audience, leftOut, notes }: Counted): string[] {
  const reasons = Object.entries(leftOut).filter(([, people]) => people > 0);
  return [
    `${paint('bold', peopleIn(audience))} of ${grouped(read)} in the list`,
    ...reasons.map(
      ([reason, people]) =>
        `  ${grouped(people).padStart(7)}  left out: ${reason.replaceAll('_', ' ')}`,
    ),
    ...noteLines(notes, audience),
  ];
}

const EXAMPLES = 5;

/** What somebody should know before the start. */
function noteLines(
  { nameless, garbledNames, typos }: Counted['notes'],
  audience: number,
): string[] {
  const rows = (all: readonly (number | string)[]) =>
    `${all.slice(0, EXAMPLES).join(', ')}${all.length > EXAMPLES ? ', …' : ''}`;
  const slips = typos.rows.map(({ row, domain, probably }) => `${row} ${domain} (${probably}?)`);
  const everybody = nameless > 0 && nameless >= audience;
  const notes = [
    ...(everybody ? ['nobody has a name to greet: is there a column for it? --name-column'] : []),
    ...(nameless > 0 && !everybody ? [`${peopleIn(nameless)} without a name to greet`] : []),
    ...(garbledNames.count > 0
      ? [
          `letters lost in ${counted(garbledNames.count, 'name')}, not greeted: row ${rows(garbledNames.rows)}`,
        ]
      : []),
    ...(typos.count > 0
      ? [`${counted(typos.count, 'likely slip')} in addresses: row ${rows(slips)}`]
      : []),
  ];
  return notes.map((note) => `  ${paint('yellow', note)}`);
}

/** The preview: who, what, and for an SMS what it costs. */
export function previewLines(preview: CampaignPreview, isPrivate: boolean): string[] {
  const { people, sample, sms } = preview;
  const rows = people.items.map(({ row, name, contact, words }) => {
    const shown = [name ?? '', contact ?? ''].map((text) => oneLine(text));
    const [who = '', where = ''] = isPrivate
      ? shown
      : [maskName(shown[0] ?? ''), maskContact(shown[1] ?? '')];
    return [String(row), who, where, words];
  });
  const rest = people.nextAfter === null ? [] : ['…and more: --left-out shows all of them'];
  const { takesSeconds: seconds } = preview;
  return [
    ...countedLines(preview),
    ...(seconds > 0 ? [`  takes about ${duration(seconds)} when nothing else is sent`] : []),
    ...(rows.length === 0
      ? []
      : ['', ...columns(['row', 'name', 'contact', 'left out because'], rows), ...rest]),
    ...(sms === null ? [] : ['', ...smsLines(sms)]),
    ...(sample === null ? [] : ['', ...sampleLines(sample, isPrivate)]),
  ];
}

/** For a program: the same, contacts masked and without texts that name a person, unless those are wanted. */
export function previewJson(preview: CampaignPreview, isPrivate: boolean): object {
  if (isPrivate) return preview;
  const { people, sample, sms, ...counts } = preview;
  const items = people.items.map(({ name, contact, ...rest }) => ({
    ...rest,
    name: name === null ? null : maskName(name),
    contact: contact === null ? null : maskContact(contact),
  }));
  const { text: _text, ...longest } = sms?.longest ?? { text: '' };
  return {
    ...counts,
    people: { items, nextAfter: people.nextAfter },
    sample: sample && { row: sample.row, subject: sample.subject },
    sms: sms && { ...sms, longest },
  };
}

/** `3,000 segments, about 48,600 ₸`. */
export function costLine({ segments, estimate }: NonNullable<CampaignPreview['sms']>): string {
  return `${grouped(segments)} ${segments === 1 ? 'segment' : 'segments'}, about ${grouped(Math.round(estimate))} ₸`;
}

function smsLines(sms: NonNullable<CampaignPreview['sms']>): string[] {
  const { longest } = sms;
  const isDear = longest.segments > 1 || longest.segmentsWithoutSpecial < longest.segments;
  const special = longest.special.slice(0, 12).join(' ');
  const longestLine = `longest: ${longest.length} characters, ${counted(longest.segments, 'segment')}`;
  return [
    costLine(sms),
    `${longestLine} (one takes ${longest.oneSegment}); row ${longest.row}`,
    ...(isDear && special !== ''
      ? [`without ${special} it would be ${counted(longest.segmentsWithoutSpecial, 'segment')}`]
      : []),
  ];
}

/** A person's text names them: it is shown when that is wanted, otherwise only its subject. */
function sampleLines(
  { row, subject, text }: NonNullable<CampaignPreview['sample']>,
  isPrivate: boolean,
): string[] {
  const head = paint('dim', `what row ${row} gets`);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${oneLine(line)}`);
  return [
    head,
    ...(subject === null ? [] : [`  ${paint('bold', oneLine(subject))}`]),
    ...(isPrivate || subject === null
      ? lines
      : [paint('dim', '  --private shows the text, --html writes the page')]),
  ];
}
