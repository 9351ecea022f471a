/** `leadwire referrals …`: people who bring others, and what they are paid for it. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { commissionsCsv } from '@leadwire/operations/referrals/commissions-csv';
import {
  addReferrer,
  commissionStates,
  commissionsMeant,
  findReferrer,
  listCommissions,
  listReferrers,
  moveCommissions,
  putTier,
  referralWriter,
  remarksOf,
  type CommissionRow,
  type Move,
} from '@leadwire/operations/referrals/referrals';
import { readNewReferrer } from '@leadwire/operations/referrals/new-referrer';
import { RefusedError } from '@leadwire/operations/refused-error';
import { createDatabase, type Database } from '@leadwire/shared/providers/supabase';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { writeGiven } from '../given-file.ts';
import { columns, confirm, counted, oneLine, say } from '../terminal.ts';
import { commissionLines, money, referrerLines, shown, sumOf } from './referral-screen.ts';

interface Flags {
  json?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  private?: boolean;
}

export function addReferralCommands(program: Command, readEnv: () => CliEnv): void {
  const referrals = program
    .command('referrals')
    .description('people who bring others, and their commissions');
  const withJson = (name: string, what: string) => referrals.command(name).description(what);

  withJson('list', 'everybody, with clicks, sales and what is to be paid')
    .option('--private', 'with names and contacts as they are')
    .action((flags: Flags) => inWords(() => list(readEnv(), flags)));

  withJson('add', 'make somebody a referrer; prints the code')
    .requiredOption('--name <name>', 'how they are called')
    .requiredOption('--email <mail>', 'where they are told of commissions')
    .requiredOption('--phone <phone>', 'the same, by SMS')
    .option('--code <code>', 'the code they wish for')
    .option('--dry-run', 'only check what is given')
    .action((flags: AddFlags) => inWords(() => add(readEnv(), flags)));

  withJson('show', 'one referrer: commissions, and what a person should know')
    .argument('<code>', 'the code, or the id')
    .option('--private', 'with name and contacts as they are')
    .action((code: string, flags: Flags) => inWords(() => show(readEnv(), code, flags)));

  const move = (name: string, to: Move, what: string) =>
    withJson(name, what)
      .argument('<ids...>', 'commissions by id, or a code for all of a referrer (but held ones)')
      .option('-y, --yes', 'do not ask')
      .option('--dry-run', 'only say which')
      .action((ids: string[], flags: Flags) => inWords(() => moveMeant(readEnv(), ids, to, flags)));
  move('approve', 'approved', 'commissions that may be paid: pending ones, and held ones by id');
  move('pay', 'paid', 'approved commissions that have been paid');

  withJson('tier', 'from how many sales on a commission is how much')
    .argument('<fromSales>', 'the first sale that earns it', parseNumber)
    .option('--percent <percent>', 'of the sale', parseNumber)
    .option('--amount <tenge>', 'an amount; with --percent both together', parseNumber)
    .option('--dry-run', 'only check what is given')
    .action((from: number, flags: TierFlags) => inWords(() => tier(readEnv(), from, flags)));

  withJson('export', 'commissions as CSV for a spreadsheet')
    .addOption(new Option('--status <status>', 'only these').choices(commissionStates))
    .option('--out <file>', 'into a file; standard output when left out')
    .action((flags: ExportFlags) => inWords(() => exportCsv(readEnv(), flags)));
}

interface AddFlags extends Flags {
  name: string;
  email: string;
  phone: string;
  code?: string;
}
interface TierFlags extends Flags {
  percent?: number;
  amount?: number;
}
interface ExportFlags extends Flags {
  status?: CommissionRow['status'];
  out?: string;
}

function parseNumber(text: string): number {
  const number = Number(text.replace(',', '.'));
  if (text.trim() !== '' && number >= 0) return number;
  throw new InvalidArgumentError('expected a number, 0 or more');
}

/** @throws FailedError in words for what was refused */
async function inWords(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof RefusedError) throw new FailedError(error.message, { cause: error });
    throw error;
  }
}

/** The project that REFERRAL_PROJECT names. @throws UsageError */
function databaseOf(env: CliEnv): Database {
  const isMain = env.REFERRAL_PROJECT === 'main';
  const url = isMain ? env.LANDING_SUPABASE_URL : env.TRIPWIRE_SUPABASE_URL;
  const serviceKey = isMain ? env.LANDING_SUPABASE_SERVICE_KEY : env.TRIPWIRE_SERVICE_ROLE_KEY;
  if (url !== undefined && serviceKey !== undefined) {
    return createDatabase({ project: isMain ? 'landing' : 'tripwire', url, serviceKey });
  }
  const needed = isMain ? 'LANDING_SUPABASE_SERVICE_KEY' : 'TRIPWIRE_SERVICE_ROLE_KEY';
  throw new UsageError(
    `REFERRAL_PROJECT=${env.REFERRAL_PROJECT}: its address and ${needed} are needed, referrers are kept there.`,
  );
}

async function list(env: CliEnv, flags: Flags): Promise<void> {
  const database = databaseOf(env);
  const [referrers, all] = await Promise.all([listReferrers(database), listCommissions(database)]);
  const rows = referrers.map((referrer) => {
    const own = all.filter(({ referrer_id }) => referrer_id === referrer.id);
    return { ...shown(referrer, flags), own };
  });
  if (flags.json) {
    const totals = rows.map(({ own, ...row }) => ({
      ...row,
      sales: own.filter(({ status }) => status !== 'reversed').length,
      held: sumOf(own, 'held'),
      toPay: sumOf(own, 'pending', 'approved'),
      paid: sumOf(own, 'paid'),
    }));
    return answer(totals);
  }
  if (rows.length === 0) return say('There are no referrers: "leadwire referrals add --help".');
  say(...referrerLines(rows));
}

const DRY_RUN = 'Nothing was changed: this was a dry run.';

const EXPECTED = {
  name: 'how they are called',
  email: 'a mail address',
  phone: 'a phone number',
  code: '3 to 32 letters a-z, digits, - or _',
};

async function add(env: CliEnv, flags: AddFlags): Promise<void> {
  const { code = '' } = flags;
  const person = readNewReferrer({
    name: flags.name,
    email: flags.email,
    phone: flags.phone,
    code,
  });
  if ('wrong' in person)
    throw new UsageError(`--${person.wrong}: expected ${EXPECTED[person.wrong]}`);
  if (flags.dryRun) return answer({ wouldAdd: person }, DRY_RUN);
  const made = await withBus(env, (bus) => addReferrer({ bus, actor: actorHere() }, person));
  if (flags.json) return answer(made);
  say(
    made.isNew ? `The code is ${made.code}.` : `They are a referrer already: ${made.code}.`,
    ...(env.PUBLIC_BASE_URL === undefined ? [] : [`${env.PUBLIC_BASE_URL}/r/${made.code}`]),
  );
}

async function show(env: CliEnv, code: string, flags: Flags): Promise<void> {
  const database = databaseOf(env);
  const referrer = await findReferrer(database, code);
  const [all, remarks] = await Promise.all([
    listCommissions(database),
    remarksOf(database, referrer.id),
  ]);
  const own = all.filter(({ referrer_id }) => referrer_id === referrer.id);
  const row = shown(referrer, flags);
  if (flags.json) return answer({ ...row, commissions: own, remarks });
  const contact = [row.email, row.phone].filter((each) => each !== null).join(', ');
  say(
    `${oneLine(row.code)}  ${row.is_active ? 'active' : 'off'}  ${counted(row.clicks, 'click')}  ${contact}`,
    '',
    ...commissionLines(own),
  );
  if (remarks.length === 0) return;
  const notes = remarks.map(({ kind, about, created_at }) => [
    kind,
    created_at.slice(0, 10),
    about,
  ]);
  say('', ...columns(['REMARK', 'DAY', 'ABOUT'], notes));
}

async function moveMeant(env: CliEnv, named: string[], to: Move, flags: Flags): Promise<void> {
  const database = databaseOf(env);
  const meant = await commissionsMeant(database, named, to);
  const sum = meant.reduce((total, { commission }) => total + commission, 0);
  if (meant.length > 0) say(...commissionLines(meant), '');
  if (meant.length === 0 || flags.dryRun) {
    const why = meant.length === 0 ? 'Nothing to do.' : DRY_RUN;
    return answer({ meant: meant.map(({ id }) => id), changed: [] }, why);
  }
  const question = `${counted(meant.length, 'commission')}, ${money(sum)}, will be ${to}. Go on?`;
  if (!(await confirm(question, flags.yes === true))) return say('Nothing was changed.');
  const ids = meant.map(({ id }) => id);
  const changed = await withBus(env, (bus) =>
    moveCommissions({ bus, actor: actorHere() }, referralWriter(database), ids, to),
  );
  if (flags.json) return answer({ meant: ids, changed });
  say(`${counted(changed.length, 'commission')} ${to}.`);
}

async function tier(env: CliEnv, fromSales: number, flags: TierFlags): Promise<void> {
  const { percent = null, amount = null } = flags;
  if (!Number.isInteger(fromSales) || fromSales < 1) {
    throw new UsageError('<fromSales>: expected a whole number, 1 or more');
  }
  if (percent === null && amount === null) throw new UsageError('Give --percent or --amount.');
  const wanted = { fromSales, percent, amount };
  if (flags.dryRun) return answer({ wouldPut: wanted }, DRY_RUN);
  const database = databaseOf(env);
  await withBus(env, (bus) =>
    putTier({ bus, actor: actorHere() }, referralWriter(database), wanted),
  );
  if (flags.json) return answer(wanted);
  say(
    `From sale ${fromSales} on: ${[percent !== null && `${percent} %`, amount !== null && money(amount)].filter(Boolean).join(' and ')}.`,
  );
}

async function exportCsv(env: CliEnv, flags: ExportFlags): Promise<void> {
  const database = databaseOf(env);
  const [referrers, all] = await Promise.all([listReferrers(database), listCommissions(database)]);
  const rows = all.filter(({ status }) => flags.status === undefined || status === flags.status);
  const text = flags.json ? `${JSON.stringify(rows)}\n` : commissionsCsv(rows, referrers);
  if (flags.out === undefined) {
    if (!flags.json) process.stdout.write(text);
    return answer(rows);
  }
  await writeGiven(flags.out, text, 0o600);
  const file = flags.out;
  answer({ file, rows: rows.length }, `${counted(rows.length, 'commission')} in ${file}.`);
}
