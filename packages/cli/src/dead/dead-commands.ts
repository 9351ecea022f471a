/** `leadwire dead …`: what could not be done, with its cause, and what to do about it. */
import { Option, type Command } from 'commander';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import type { Bus } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import { withBus } from '../connect.ts';
import { findDeadLetters, type DeadFilter, type DeadLetter } from './dead-letters.ts';
import { listLetters, showLetter, showSample } from './dead-screen.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { parseCount, parseSeq, parseTime } from '../options.ts';
import { createRedriver, removeLetter, type Verdict } from './redrive.ts';
import { addSweepCommand } from '../broker/rescue-command.ts';
import { confirm, counted, paint, say } from '../terminal.ts';

const LIST_LIMIT = 50;

interface FilterFlags {
  cause?: string;
  service?: string;
  since?: Date;
  until?: Date;
  limit?: number;
}
interface ActFlags extends FilterFlags {
  all?: boolean;
  yes?: boolean;
  unknownToo?: boolean;
}

export function addDeadCommands(program: Command, readEnv: () => CliEnv): void {
  const dead = program
    .command('dead')
    .description('messages that could not be handled, with their cause');

  withFilters(dead.command('list'))
    .description('show them, newest first')
    .action(async (flags: FilterFlags) => withBus(readEnv(), (bus) => list(bus, flags)));

  dead
    .command('show')
    .description('show one with its whole payload')
    .argument('<seq>', 'its number in the list', parseSeq)
    .option('--private', 'show contact data as it is')
    .action(async (seq: number, flags: { private?: boolean }) =>
      withBus(readEnv(), async (bus) =>
        showLetter(await oneLetter(bus, seq), flags.private ?? false),
      ),
    );

  withFilters(dead.command('redrive'))
    .description('hand them out once more; what was sent already is not sent again')
    .argument('[seq]', 'one of them; or choose with the filters', parseSeq)
    .option('--all', 'all of them')
    .option('--unknown-too', 'also messages that may have been sent: a person may get them twice')
    .option('-y, --yes', 'do not ask')
    .action(async (seq: number | undefined, flags: ActFlags) =>
      withBus(readEnv(), (bus) => redrive(bus, seq, flags)),
    );

  withFilters(dead.command('drop'))
    .description('remove them for good')
    .argument('[seq]', 'one of them; or choose with the filters', parseSeq)
    .option('--all', 'all of them')
    .option('-y, --yes', 'do not ask')
    .action(async (seq: number | undefined, flags: ActFlags) =>
      withBus(readEnv(), (bus) => drop(bus, seq, flags)),
    );

  addSweepCommand(dead, readEnv);
}

function withFilters(command: Command): Command {
  return command
    .option('--cause <code>', 'only this cause: bad_schema, attempts_spent, …')
    .option('--service <name>', 'only this durable, or all durables of this service')
    .addOption(new Option('--since <time>', '2h, 30m, 7d ago, or an ISO time').argParser(parseAgo))
    .addOption(new Option('--until <time>', 'the same').argParser(parseAgo))
    .option('--limit <count>', `at most so many, newest first (list: ${LIST_LIMIT})`, parseCount);
}
const parseAgo = (text: string) => parseTime(text);

async function list(bus: Bus, flags: FilterFlags): Promise<void> {
  const letters = (await findDeadLetters(bus, toFilter(flags))).reverse();
  if (letters.length === 0) return say(nothing(flags));
  say(...listLetters(letters.slice(0, flags.limit ?? LIST_LIMIT), letters.length));
}

async function redrive(bus: Bus, seq: number | undefined, flags: ActFlags): Promise<void> {
  const letters = await choose(bus, seq, flags);
  if (!letters) return;
  const isUnknownToo = flags.unknownToo ?? false;
  const redriver = createRedriver({ bus, ledger: createLedger(bus), isUnknownToo });
  const foreseen: Verdict[] = [];
  for (const letter of letters) foreseen.push(await redriver.foresee(letter));
  const isUseful = foreseen.some(({ act }) => act !== 'leave');
  say(`${counted(letters.length, 'dead letter')} to be redriven:`, '');
  say(...showSample(letters, foreseen), '');
  if (!isUseful) return say('Nothing to do.');
  if (!(await confirm('Redrive?', flags.yes ?? false))) return say('Nothing was changed.');
  await each(letters, (letter) => redriver.redrive(letter));
}

async function drop(bus: Bus, seq: number | undefined, flags: ActFlags): Promise<void> {
  const letters = await choose(bus, seq, flags);
  if (!letters) return;
  say(`${counted(letters.length, 'dead letter')} to be removed for good:`, '');
  say(...showSample(letters), '');
  if (!(await confirm('Drop?', flags.yes ?? false))) return say('Nothing was changed.');
  await each(letters, async (letter) => {
    await removeLetter(bus, letter);
    return { act: 'drop', why: '' };
  });
}

/** Does it to every letter, whatever becomes of the others; says at the end how it went. */
async function each(
  letters: readonly DeadLetter[],
  act: (letter: DeadLetter) => Promise<{ act: Verdict['act'] | 'drop'; why: string }>,
): Promise<void> {
  const count = { redrive: 0, settle: 0, leave: 0, drop: 0, fail: 0 };
  for (const letter of letters) {
    try {
      const done = await act(letter);
      count[done.act] += 1;
    } catch (thrown) {
      count.fail += 1;
      say(paint('red', `#${letter.seq}: ${toError(thrown).message}`));
    }
  }
  const words = [
    count.redrive > 0 && `${count.redrive} redriven`,
    count.settle > 0 && `${count.settle} with nothing to do, removed`,
    count.drop > 0 && `${count.drop} dropped`,
    count.leave > 0 && `${count.leave} left as they are`,
  ].filter(Boolean);
  if (words.length > 0) say(paint('green', `${words.join(', ')}.`));
  if (count.fail > 0) {
    throw new FailedError(`${count.fail} failed: nothing is lost, run the command again.`);
  }
}

/** The letters meant, newest first; undefined (and said) when there are none. */
async function choose(
  bus: Bus,
  seq: number | undefined,
  flags: ActFlags,
): Promise<DeadLetter[] | undefined> {
  const { cause, service, since, until, limit, all } = flags;
  const isChosen = [seq, cause, service, since, until, limit].some((each) => each !== undefined);
  if (!isChosen && !all) {
    throw new UsageError('Which ones? Give a number, a filter (--cause, --service, …) or --all.');
  }
  if (seq !== undefined) {
    const [letter] = await findDeadLetters(bus, { seq });
    if (letter) return [letter];
    return void say(`Nothing to do: there is no dead letter ${seq} (any more).`);
  }
  const letters = (await findDeadLetters(bus, toFilter(flags))).reverse().slice(0, limit);
  if (letters.length === 0) return void say(`Nothing to do. ${nothing(flags)}`);
  return letters;
}

async function oneLetter(bus: Bus, seq: number): Promise<DeadLetter> {
  const [letter] = await findDeadLetters(bus, { seq });
  if (letter) return letter;
  throw new FailedError(
    `There is no dead letter ${seq}. "leadwire dead list" shows those there are.`,
  );
}

function toFilter({ cause, service, since, until }: FilterFlags): DeadFilter {
  return {
    ...(cause !== undefined && { cause }),
    ...(service !== undefined && { service }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

function nothing(flags: FilterFlags): string {
  const isFiltered = Object.keys(toFilter(flags)).length > 0;
  return isFiltered
    ? 'No dead letter fits these filters.'
    : 'No dead letters: everything could be handled.';
}
