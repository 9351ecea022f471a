/** `person …`: erasing people, what was erased, and doing it once more after a restore. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { readCertificates, type Certificate } from '@leadwire/operations/person/certificate';
import {
  applyErasures,
  erasePerson,
  foreseeErasure,
  takeErasures,
  type ErasureForeseen,
} from '@leadwire/operations/person/erase';
import { maskContact } from '@leadwire/operations/masking/mask';
import type { Bus } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import { withBus } from '../connect.ts';
import { answer, words } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { readGiven } from '../given-file.ts';
import { almatyClock, columns, counted, paint, say } from '../terminal.ts';
import { personParts } from './person-parts.ts';

interface EraseFlags {
  dryRun?: boolean;
  json?: boolean;
  yes?: boolean;
}

export function addPersonCommands(program: Command, readEnv: () => CliEnv): void {
  const person = program.command('person').description('a person and everything stored of them');
  person
    .command('erase')
    .description('take a person out of everything, for good; what cannot be done here is said')
    .argument('<who>', 'a phone, a mail address, or the id of a lead')
    .option('--dry-run', 'only show what there is')
    .option('-y, --yes', 'do not ask')
    .action((who: string, flags: EraseFlags) => {
      const env = readEnv();
      return withBus(env, async (bus) => erase(await personParts(env, bus), who, flags), 'apply');
    });

  person
    .command('certificates')
    .description('what was erased, when, by whom and where; names nobody')
    .action(({ json }: { json?: boolean }) =>
      withBus(readEnv(), async (bus) => {
        const all = await readCertificates(bus);
        if (json) return answer(all);
        if (all.length === 0) return say('Nobody was erased.');
        for (const each of all) say(...certificateLines(each), '');
      }),
    );

  person
    .command('apply')
    .description('erase everybody on the list once more: after a restore, before services start')
    .option('--list <file>', 'with what "person certificates --json" said of the other machine')
    .action(async ({ list, json }: { list?: string; json?: boolean }) => {
      const env = readEnv();
      const known = list === undefined ? undefined : await readList(list);
      const apply = async (bus: Bus) => {
        const parts = await personParts(env, bus);
        if (known !== undefined) await takeErasures(parts, known);
        const places = await applyErasures(parts);
        if (json) return answer({ places });
        say(...placeLines(places), paint('green', 'The list of erasures holds everywhere.'));
      };
      return withBus(env, apply, 'apply');
    });
}

/** @throws UsageError */
async function readList(file: string): Promise<unknown> {
  const bytes = await readGiven(file);
  try {
    return JSON.parse(bytes.toString());
  } catch (thrown) {
    throw new UsageError(`${file} cannot be read as a list: ${toError(thrown).message}`);
  }
}

async function erase(
  parts: Awaited<ReturnType<typeof personParts>>,
  who: string,
  flags: EraseFlags,
): Promise<void> {
  const foreseen = await foreseeErasure(parts, who);
  const { places, contacts, shared } = foreseen;
  if (flags.dryRun && flags.json) {
    const masked = { contacts: contacts.map(maskContact), shared: shared.map(maskContact) };
    return answer({ wouldErase: { places, ...masked } });
  }
  if (!flags.json) showForeseen(foreseen);
  if (flags.dryRun) return;
  if (!flags.yes && !(await isConfirmed(foreseen))) return say('Nothing was changed.');
  const certificate = await erasePerson(parts, foreseen);
  if (flags.json) return answer(certificate);
  say(...certificateLines(certificate), paint('green', 'Erased.'));
}

function showForeseen({ contacts, shared, places, certificate }: ErasureForeseen): void {
  // Of an erasure that was interrupted there may be no contact left to show.
  const who = contacts.map(maskContact).join(', ') || 'Begun before, and not ended';
  say(`${who}: ${counted(certificate.ids.length, 'lead or message', 'leads and messages')}.`);
  if (shared.length > 0) {
    say(`Also somebody else's, and left as they are: ${shared.map(maskContact).join(', ')}.`);
  }
  say('', ...placeLines(places), '');
}

function placeLines(places: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(places).map(([place, count]) => [place, String(count)]);
  return rows.length === 0 ? ['  nothing'] : columns(['WHERE', 'RECORDS'], rows, '  ');
}

function certificateLines(certificate: Certificate): string[] {
  const { erasureId, state, by, erasedAt, finishedAt, places, left } = certificate;
  const end =
    finishedAt === undefined
      ? paint('red', 'NOT FINISHED: erase once more')
      : almatyClock(finishedAt);
  return [
    `Certificate ${erasureId} (${state})`,
    `  by ${by}, everything until ${almatyClock(erasedAt)}, done ${end}`,
    ...placeLines(places),
    ...left.map((each) => `  To do by hand: ${each}`),
  ];
}

/** The number must be typed: a "y" is too quick for something that cannot be taken back. */
async function isConfirmed({ places }: ErasureForeseen): Promise<boolean> {
  const records = Object.values(places).reduce((sum, each) => sum + each, 0);
  if (!process.stdin.isTTY) {
    throw new UsageError('Nothing was changed: there is no terminal to confirm at. Give --yes.');
  }
  const prompt = createInterface({ input: process.stdin, output: words() });
  try {
    const question = `Type ${records} to erase these records for good: `;
    return (await prompt.question(question)).trim() === String(records);
  } catch {
    // Ctrl-C or Ctrl-D at the question.
    throw new FailedError('Nothing was changed.');
  } finally {
    prompt.close();
  }
}
