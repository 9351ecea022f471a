/** `leadwire leads …` */
import type { Command } from 'commander';
import type { Bus } from '@leadwire/shared/bus';
import { withBus } from './connect.ts';
import type { CliEnv } from './env.ts';
import { FailedError, UsageError } from './failure.ts';
import { findInJournal, findLead, reportLead } from './lead-report.ts';
import { leadScreen } from './lead-screen.ts';
import { say } from './terminal.ts';

/** Fewer characters fit too many leads. */
const SHORTEST_ID = 8;
const MOST_CANDIDATES = 10;

export function addLeadCommands(program: Command, readEnv: () => CliEnv): void {
  const leads = program.command('leads').description('people who left their contacts');
  leads
    .command('show')
    .description('everything known about one lead, on one screen')
    .argument('<id>', `its id, or the first ${SHORTEST_ID} characters or more`)
    .option('--private', 'show contact data as it is')
    .action(async (id: string, flags: { private?: boolean }) => {
      if (!/^[0-9a-f-]{8,36}$/i.test(id)) {
        throw new UsageError(
          `"${id}" is no lead's id, nor the first ${SHORTEST_ID} characters of one.`,
        );
      }
      const env = readEnv();
      await withBus(env, (bus) => show(bus, env, id, flags.private ?? false));
    });
}

async function show(bus: Bus, env: CliEnv, id: string, isPrivate: boolean): Promise<void> {
  const found = await findLead(bus, id);
  if ('stored' in found) {
    return say(...leadScreen(await reportLead(bus, env, found.stored), isPrivate));
  }
  const { candidates } = found;
  if (candidates.length > 0) {
    const some = candidates.slice(0, MOST_CANDIDATES).map((each) => `  ${each}`);
    throw new FailedError(
      [`${candidates.length} leads begin with ${id}; which one?`, ...some].join('\n'),
    );
  }
  const file = await findInJournal(env.JOURNAL_DIR, id);
  if (file !== undefined) {
    throw new FailedError(
      `Lead ${id} is in the journal of landing-api and not at the broker yet: ${file}`,
    );
  }
  throw new FailedError(`There is no lead ${id}.`);
}
