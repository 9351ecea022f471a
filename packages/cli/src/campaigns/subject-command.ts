/** `leadwire campaign subjects`: two subjects or texts tried on a part of a list, and which one won. */
import { InvalidArgumentError, type Command } from 'commander';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import type { SubjectTestView } from '@leadwire/operations/campaigns/campaign-view';
import { answer } from '../answer.ts';
import { peopleIn } from './campaign-screen.ts';
import { zoned } from './campaign-times.ts';
import { UsageError } from '../failure.ts';
import { oneLine } from '../terminal.ts';

interface Flags {
  a?: string;
  b?: string;
  textA?: string;
  textB?: string;
  share: number;
  wait: number;
  confirm?: number;
}

type Act = (api: CampaignApi, id: string) => Promise<void>;

/** Adds it to the commands about one campaign. */
export function addSubjectCommand(
  one: (name: string, description: string) => Command,
  withOne: (given: string, act: Act) => Promise<void>,
): void {
  one(
    'subjects',
    'try two subjects or two texts on a part of the list; the rest gets the better one by itself',
  )
    .option('--a <subject>', 'one of them')
    .option('--b <subject>', 'the other one')
    .option('--text-a <name>', 'instead: the name of one text')
    .option('--text-b <name>', 'the name of the other one')
    .option('--share <percent>', 'how much of the list gets one of the two', parseNumber, 20)
    .option('--wait <hours>', 'from their start to the choice', parseNumber, 4)
    .option('--confirm <people>', 'everybody who is written to in the end', parseNumber)
    .action((id: string, flags: Flags) =>
      withOne(id, async (api, found) => {
        const test = await testOf(api, found, flags);
        const { timeZone } = await api.get(found);
        const lines = test === null ? ['No subjects are tried here.'] : testLines(test, timeZone);
        answer(test, ...lines);
      }),
    );
}

/** Without subjects and texts it only looks. */
async function testOf(api: CampaignApi, id: string, flags: Flags): Promise<SubjectTestView | null> {
  const { share, wait, confirm } = flags;
  const subjects = pairOf(flags.a, flags.b, '--a and --b');
  const templates = pairOf(flags.textA, flags.textB, '--text-a and --text-b');
  if (!subjects && !templates) return api.subjects(id);
  if (subjects && templates) throw new UsageError('Give either two subjects or two texts.');
  const { audience } = await api.preview(id);
  if (confirm === undefined) {
    throw new UsageError(`Nothing was started. ${peopleIn(audience)}: give --confirm ${audience}.`);
  }
  const what = subjects ? { subjects } : templates ? { templates } : {};
  return api.trySubjects(id, { ...what, sharePercent: share, waitHours: wait, confirm });
}

function pairOf(
  a: string | undefined,
  b: string | undefined,
  flags: string,
): readonly [string, string] | undefined {
  if (a === undefined && b === undefined) return undefined;
  if (a === undefined || b === undefined) throw new UsageError(`Give both: ${flags}.`);
  return [a, b];
}

function testLines(test: SubjectTestView, timeZone: string): string[] {
  const { decideAt, decidedAt, winner } = test;
  const mark = (which: 'a' | 'b') => (winner === which ? '  won' : '');
  const state =
    decidedAt !== null
      ? winner === null
        ? 'ended by hand'
        : `chosen ${zoned(decidedAt, timeZone)}`
      : decideAt === null
        ? 'the two begin now'
        : `to be chosen ${zoned(decideAt, timeZone)}`;
  return [
    `A  ${oneLine(test.subjectA ?? test.templateA ?? '')}${mark('a')}`,
    `B  ${oneLine(test.subjectB ?? test.templateB ?? '')}${mark('b')}`,
    state,
    `leadwire campaign status ${test.aId.slice(0, 13)}`,
    `leadwire campaign status ${test.bId.slice(0, 13)}`,
  ];
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('expected a number');
}
