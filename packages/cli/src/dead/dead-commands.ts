/** `leadwire dead …`: what could not be done, with its cause, and what to do about it. */
import { Option, type Command } from 'commander';
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  discardLetters,
  foreseeRedrive,
  redriveLetters,
  type LetterResult,
} from '@leadwire/operations/dead-letters/act';
import {
  findDeadLetters,
  requireService,
  type DeadFilter,
  type DeadLetter,
} from '@leadwire/operations/dead-letters/dead-letters';
import { actorHere } from '../actor.ts';
import { answer } from '../answer.ts';
import { withBus } from '../connect.ts';
import { letterRow, listLetters, showLetter, showSample } from './dead-screen.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { parseCount, parseSeq, parseTime } from '../options.ts';
import { addSweepCommand } from '../broker/rescue-command.ts';
import { confirm, counted, paint, say } from '../terminal.ts';

const LIST_LIMIT = 50;
const DRY_RUN = 'Nothing was changed: this was a dry run.';

interface FilterFlags {
  cause?: string;
  service?: string;
  since?: Date;
  until?: Date;
  limit?: number;
}
interface ActFlags extends FilterFlags {
  all?: boolean;
  dryRun?: boolean;
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
    .option('--dry-run', 'only show what would happen')
    .option('-y, --yes', 'do not ask')
    .action(async (seq: number | undefined, flags: ActFlags) =>
      withBus(readEnv(), (bus) => redrive(bus, seq, flags)),
    );

  withFilters(dead.command('drop'))
    .description('remove them for good')
    .argument('[seq]', 'one of them; or choose with the filters', parseSeq)
    .option('--all', 'all of them')
    .option('--dry-run', 'only show what would happen')
    .option('-y, --yes', 'do not ask')
    .action(async (seq: number | undefined, flags: ActFlags) =>
      withBus(readEnv(), (bus) => drop(bus, seq, flags)),
    );

  addSweepCommand(dead, readEnv);
}

function withFilters(command: Command): Command {
  return command
    .option('--cause <code>', 'only this cause: bad_schema, attempts_spent, …')
    .option('--service <name>', 'only this durable, or all durables of this service', parseService)
    .addOption(new Option('--since <time>', '2h, 30m, 7d ago, or an ISO time').argParser(parseAgo))
    .addOption(new Option('--until <time>', 'the same').argParser(parseAgo))
    .option('--limit <count>', `at most so many, newest first (list: ${LIST_LIMIT})`, parseCount);
}
const parseAgo = (text: string) => parseTime(text);

/** @throws DeadLetterError that names those there are: a typing error must not look like calm. */
function parseService(name: string): string {
  requireService(name);
  return name;
}

async function list(bus: Bus, flags: FilterFlags): Promise<void> {
  const letters = (await findDeadLetters(bus, toFilter(flags))).reverse();
  const shown = letters.slice(0, flags.limit ?? LIST_LIMIT);
  const isEmpty = letters.length === 0;
  const lines = isEmpty ? [nothing(flags)] : listLetters(shown, letters.length);
  answer(shown.map(letterRow), ...lines);
}

async function redrive(bus: Bus, seq: number | undefined, flags: ActFlags): Promise<void> {
  const letters = await choose(bus, seq, flags);
  if (!letters) return;
  const wanted = { isUnknownToo: flags.unknownToo ?? false };
  const foreseen = await foreseeRedrive(bus, letters, wanted);
  const isUseful = foreseen.some(({ act }) => act !== 'leave');
  say(`${counted(letters.length, 'dead letter')} to be redriven:`, '');
  say(...showSample(letters, foreseen), '');
  if (flags.dryRun || !isUseful) {
    const foreseenOf = letters.map(({ seq: of }, index) => ({ seq: of, ...foreseen[index] }));
    return answer({ foreseen: foreseenOf }, isUseful ? DRY_RUN : 'Nothing to do.');
  }
  if (!(await confirm('Redrive?', flags.yes ?? false))) return say('Nothing was changed.');
  report(await redriveLetters({ bus, actor: actorHere() }, letters, wanted, sayFailure));
}

async function drop(bus: Bus, seq: number | undefined, flags: ActFlags): Promise<void> {
  const letters = await choose(bus, seq, flags);
  if (!letters) return;
  say(`${counted(letters.length, 'dead letter')} to be removed for good:`, '');
  say(...showSample(letters), '');
  if (flags.dryRun) return answer({ wouldDrop: letters.map(letterRow) }, DRY_RUN);
  if (!(await confirm('Drop?', flags.yes ?? false))) return say('Nothing was changed.');
  report(await discardLetters({ bus, actor: actorHere() }, letters, sayFailure));
}

function sayFailure({ seq, act, why }: LetterResult): void {
  if (act === 'fail') say(paint('red', `#${seq}: ${why}`));
}

/** How it went, at the end. @throws FailedError when some could not be done. */
function report(results: readonly LetterResult[]): void {
  const count = (wanted: LetterResult['act']) => results.filter(({ act }) => act === wanted).length;
  const words = [
    [count('redrive'), 'redriven'],
    [count('settle'), 'with nothing to do, removed'],
    [count('drop'), 'dropped'],
    [count('leave'), 'left as they are'],
  ] as const;
  const said = words.filter(([many]) => many > 0).map(([many, what]) => `${many} ${what}`);
  answer({ results }, ...(said.length > 0 ? [paint('green', `${said.join(', ')}.`)] : []));
  const failed = count('fail');
  if (failed > 0) {
    throw new FailedError(`${failed} failed: nothing is lost, run the command again.`);
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
