/** `leadwire campaign create`: a draft with its list, from a file, a table, or the command line. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { answer } from '../answer.ts';
import { openCampaigns } from './connect-campaigns.ts';
import { SHORT_ID, countedLines } from './campaign-screen.ts';
import { filterOf, segmentNamed } from './segment-commands.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { readGiven, readGivenObject } from '../given-file.ts';
import { paint } from '../terminal.ts';

/** What `name=value` flags gave, in their order. */
type Given = Record<string, string[]>;

interface CreateFlags {
  name: string;
  channel: string;
  template: string;
  vars?: string;
  var?: Given;
  csv?: string;
  to?: string[];
  table?: string;
  segment?: string;
  where?: string[];
  filter?: Given;
  nameColumn?: string;
  emailColumn?: string;
  phoneColumn?: string;
  exclude?: string[];
  subject?: string;
  topic?: string;
  schedule?: string;
  quietHours?: string;
  timeZone?: string;
  rate?: number;
}

export function addCampaignCreate(campaign: Command, readEnv: () => CliEnv): void {
  campaign
    .command('create')
    .description('make a draft; nothing is sent before "campaign start"')
    .requiredOption('--name <name>', 'for you and your colleagues')
    .addOption(new Option('--channel <channel>', 'how').choices(['email', 'sms']).default('email'))
    .requiredOption('--template <template>', 'such as stream-moved')
    .option('--vars <file>', 'the variables of the template, as JSON')
    .option('--var <name=value>', 'one of them; given several times it is a list', collect)
    .option('--csv <file>', 'the list: with a header, name and email or phone')
    .option('--to <contact...>', 'the list: mail addresses or phones')
    .option('--table <project:table>', 'the list: a table or view, such as landing:landing_leads')
    .option('--segment <name>', 'the list: a saved segment')
    .option('--where <condition...>', 'the list: leads and buyers, such as bought=no lead_at>=30d')
    .option('--filter <column=value>', 'only these rows of the table; once for each', collect)
    .option('--name-column <header>', 'where the names are, if the list does not show it')
    .option('--email-column <header>', 'where the mail addresses are')
    .option('--phone-column <header>', 'where the phones are')
    .option('--exclude <contact...>', 'people whom this campaign leaves out')
    .option('--subject <subject>', 'of the mail, instead of the template’s')
    .option('--topic <topic>', 'who got an earlier campaign about it is left out')
    .option('--schedule <time>', 'start then, such as 2026-12-01T10:00:00+05:00')
    .option('--quiet-hours <hours>', 'such as 21:00-09:00, or "none"')
    .option('--time-zone <zone>', 'of its quiet hours and its texts, such as Asia/Almaty')
    .option('--rate <calls>', 'calls to the provider per second at most', parseRate)
    .action((flags: CreateFlags) => create(openCampaigns(readEnv()), flags));
}

async function create(api: CampaignApi, flags: CreateFlags): Promise<void> {
  const audience = await audienceOf(api, flags);
  const draft = {
    name: flags.name,
    channel: flags.channel,
    template: flags.template,
    variables: await readVariables(flags),
    exclude: flags.exclude ?? [],
    audience,
    ...(flags.subject !== undefined && { subject: flags.subject }),
    ...(flags.topic !== undefined && { topic: flags.topic }),
    ...(flags.schedule !== undefined && { schedule: flags.schedule }),
    ...(flags.timeZone !== undefined && { timeZone: flags.timeZone }),
    ...(flags.rate !== undefined && { ratePerSecond: flags.rate }),
    ...(flags.quietHours !== undefined && {
      quietHours: flags.quietHours === 'none' ? null : flags.quietHours,
    }),
  };
  const taken = await api.create(draft);
  const { id } = taken.campaign;
  const short = id.slice(0, SHORT_ID);
  answer(
    taken,
    `${paint('green', 'Draft')} ${paint('bold', id)}`,
    ...countedLines(taken.preview),
    '',
    paint('dim', `leadwire campaign preview ${short}`),
    paint('dim', `leadwire campaign test ${short} <your address>`),
    paint('dim', `leadwire campaign start ${short}`),
  );
}

/** The list that goes with the draft; a CSV as the bytes that it is, because only they tell the encoding. */
async function audienceOf(api: CampaignApi, flags: CreateFlags): Promise<object> {
  const { csv, to, table: from, segment, where } = flags;
  const sources = [csv, to, from, segment, where].filter((source) => source !== undefined);
  if (sources.length !== 1) {
    throw new UsageError('Give one of --csv, --to, --table, --segment and --where.');
  }
  if (segment !== undefined) {
    return { kind: 'segment', segmentId: (await segmentNamed(api, segment)).id };
  }
  if (where) return { kind: 'segment', filter: await filterOf({ where }) };
  if (flags.csv !== undefined) {
    const base64 = (await readGiven(flags.csv)).toString('base64');
    return { kind: 'csv', base64, columns: columnsOf(flags) };
  }
  if (flags.to) {
    const field = flags.channel === 'sms' ? 'phone' : 'email';
    return { kind: 'list', recipients: flags.to.map((contact) => ({ [field]: contact })) };
  }
  const [project, table] = (flags.table ?? '').split(':');
  if (!table)
    throw new UsageError('--table: expected project:table, such as landing:landing_leads');
  const filter = Object.entries(flags.filter ?? {}).map(([column, [value, ...others]]) =>
    others.length === 0 ? { column, value } : { column, op: 'in', value: [value, ...others] },
  );
  return { kind: 'table', project, table, filter, columns: columnsOf(flags) };
}

function columnsOf({ nameColumn, emailColumn, phoneColumn }: CreateFlags): object {
  return {
    ...(nameColumn !== undefined && { name: nameColumn }),
    ...(emailColumn !== undefined && { email: emailColumn }),
    ...(phoneColumn !== undefined && { phone: phoneColumn }),
  };
}

async function readVariables({
  vars,
  var: given = {},
}: CreateFlags): Promise<Record<string, unknown>> {
  const fromFile = vars === undefined ? {} : await readGivenObject(vars);
  const fromFlags = Object.entries(given).map(([name, [value, ...others]]) => [
    name,
    others.length === 0 ? value : [value, ...others],
  ]);
  return { ...fromFile, ...(Object.fromEntries(fromFlags) as Record<string, unknown>) };
}

function collect(text: string, known: Given = {}): Given {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('expected name=value');
  const name = text.slice(0, at);
  return { ...known, [name]: [...(known[name] ?? []), text.slice(at + 1)] };
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw new InvalidArgumentError('expected calls per second, more than 0');
}
