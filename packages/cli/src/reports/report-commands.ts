/** `leadwire report` and `leadwire spend import`: the numbers of Отчёты, and what advertising cost. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import {
  addDays,
  dayOf,
  groupings,
  isDay,
  ratiosOf,
  reportSchema,
  touches,
  type Grouping,
  type Paid,
  type Report,
  type ReportQuery,
  type Sums,
  type Touch,
} from '@leadwire/operations/reports/report';
import {
  COHORT_DAYS,
  cohortsAsked,
  cohortsSchema,
  isOver,
  type Cohort,
} from '@leadwire/operations/reports/cohorts';
import { reportCsv, rowWords } from '@leadwire/operations/reports/report-words';
import { importSpend, importedSchema, readSpend } from '@leadwire/operations/reports/spend';
import type { Database } from '@leadwire/shared/providers/supabase';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { readGiven, writeGiven } from '../given-file.ts';
import { needLanding } from '../landing.ts';
import { parseCount } from '../options.ts';
import { columns, counted, oneLine, paint, say } from '../terminal.ts';

const TIME_ZONE = 'Asia/Almaty';
const USUAL_DAYS = 30;

interface ReportFlags {
  by: Grouping;
  touch: Touch;
  days: number;
  since?: string;
  until?: string;
  source?: string;
  campaign?: string;
  manager?: string;
  cohorts?: boolean;
  csv?: string;
  json?: boolean;
}

interface ImportFlags {
  source?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function addReportCommands(program: Command, readEnv: () => CliEnv): void {
  program
    .command('report')
    .description('leads, sales, revenue and spend: the numbers of Отчёты')
    .addOption(new Option('--by <what>', 'a row for each').choices(groupings).default('source'))
    .addOption(new Option('--touch <which>', 'whose tags count').choices(touches).default('last'))
    .option('--days <count>', 'so many days up to today', parseCount, USUAL_DAYS)
    .option('--since <day>', 'from this day on, such as 2026-11-01', parseDay)
    .option('--until <day>', 'up to this day, which is included', parseDay)
    .option('--source <source>', 'of this utm_source alone')
    .option('--campaign <campaign>', 'of this utm_campaign alone')
    .option('--manager <email>', 'whose leads alone; none: those that nobody has')
    .option('--cohorts', 'also how many of each week or month had bought after so many days')
    .option('--csv <file>', 'write a table for a spreadsheet')
    .action((flags: ReportFlags) => report(readEnv(), flags));

  program
    .command('spend')
    .description('what advertising cost')
    .command('import')
    .description('from a CSV with day, source, amount and, if wanted, campaign and ad')
    .argument('<file>', 'replaces what was known of its days and sources')
    .option('--source <source>', 'where the file has no column of sources')
    .option('--dry-run', 'only say what is in it')
    .action((file: string, flags: ImportFlags) => bringIn(readEnv(), file, flags));
}

function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('expected a day such as 2026-11-01');
}

async function report(env: CliEnv, flags: ReportFlags): Promise<void> {
  const { by, touch, days, csv, source, campaign } = flags;
  const until = flags.until ?? dayOf(new Date(), TIME_ZONE);
  const since = flags.since ?? addDays(until, 1 - days);
  if (since > until) throw new UsageError(`${since} is later than ${until}.`);
  const landing = await needLanding(env);
  const manager = await managerOf(landing, flags.manager);
  const asked: ReportQuery = {
    since,
    until,
    timeZone: TIME_ZONE,
    by,
    touch,
    source,
    campaign,
    manager,
  };
  const found = await landing.call('leadwire_report', { asked }, reportSchema);
  const cohorts = flags.cohorts
    ? await landing.call('leadwire_report_cohorts', { asked: cohortsAsked(asked) }, cohortsSchema)
    : undefined;
  if (csv !== undefined) await writeGiven(csv, reportCsv(found, by));
  if (flags.json) return answer({ ...asked, ...withRatios(found), ...(cohorts && { cohorts }) });
  say(`${since} to ${until}, by ${by}, ${touch} touch`, '', ...table(found, by), '', ...NOTES);
  if (cohorts) say('', ...cohortTable(cohorts, asked));
}

/** Their id, also of somebody who has left. @throws UsageError for an address that nobody has had here */
async function managerOf(landing: Database, given?: string): Promise<string | undefined> {
  if (given === undefined || given === 'none') return given && '';
  const email = given.toLowerCase();
  const [found] = await landing.rowsWith('staff', {
    column: 'email',
    value: email,
    order: 'email',
  });
  if (!found) throw new UsageError(`Nobody here has the address ${given} (leadwire staff list).`);
  return String(found['id']);
}

/** Sales after so many days; in brackets while these have not passed for all of the cohort. */
function cohortTable(cohorts: readonly Cohort[], asked: ReportQuery): string[] {
  const head = ['LEADS OF', 'LEADS', ...COHORT_DAYS.map((days) => `${days} DAYS`), 'SALES'];
  const lines = cohorts.map((each) => {
    const within = COHORT_DAYS.map((days, n) => {
      const sales = String(each.within[n] ?? 0);
      return isOver(each, days, asked, new Date()) ? sales : `(${sales})`;
    });
    return [each.cohort, String(each.leads), ...within, String(each.sales)];
  });
  return columns(head, lines);
}

function withRatios(found: Report) {
  const more = (row: Sums) => ({ ...row, ...ratiosOf(row) });
  return { ...found, rows: found.rows.map(more), total: more(found.total) };
}

const HEAD = [
  '',
  'LEADS',
  'PEOPLE',
  'CLICKED',
  'DEALS',
  'SALES',
  'REFUNDS',
  'REVENUE',
  'SPEND',
  'CPL',
  'CAC',
  'ROMI',
];
const NOTES = [
  paint(
    'dim',
    'Tenge. A dash is unknown: nobody has brought the spend in (leadwire spend import).',
  ),
];

function table({ rows, total, paid }: Report, by: Grouping): string[] {
  const lines = rows.map((row) => {
    const { name, of } = rowWords(by, row.keys);
    return [oneLine(of === '' ? name : `${of} / ${name}`), ...numbers(row), ...ratios(row)];
  });
  return columns(HEAD, [...lines, ['total', ...numbers(total), ...(paid ? ratios(paid) : DASHES)]]);
}

const DASHES = ['-', '-', '-'];
const whole = (value: number | null) => (value === null ? '-' : String(Math.round(value)));

function numbers(row: Sums): string[] {
  const { leads, people, clicked, deals, sales, refunds, revenue, spend } = row;
  return [leads, people, clicked, deals, sales, refunds, revenue, spend].map(whole);
}

function ratios(row: Paid): string[] {
  const { cpl, cac, romi } = ratiosOf(row);
  return [whole(cpl), whole(cac), romi === null ? '-' : `${Math.round(romi * 100)} %`];
}

async function bringIn(env: CliEnv, file: string, flags: ImportFlags): Promise<void> {
  const { source, dryRun = false, json = false } = flags;
  const rows = readSpend(await readGiven(file), source);
  if (dryRun) {
    const amount = rows.reduce((sum, row) => sum + row.amount, 0);
    if (json) return answer({ rows: rows.length, amount, dryRun });
    return say(
      `${counted(rows.length, 'row')}, ${whole(amount)} ₸. Nothing was changed (dry run).`,
    );
  }
  const database = await needLanding(env);
  const done = await withBus(env, (bus) =>
    importSpend({ bus, actor: actorHere() }, rows, (given) =>
      database.call('leadwire_import_spend', { rows: given }, importedSchema),
    ),
  );
  if (json) return answer(done);
  const before = done.replaced > 0 ? ` ${whole(done.replaced)} ₸ of before are replaced.` : '';
  say(
    `${counted(done.rows, 'row')} of ${counted(done.days, 'day')}, ${whole(done.amount)} ₸.${before}`,
  );
}
