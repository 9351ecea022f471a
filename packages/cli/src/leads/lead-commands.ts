/** `leadwire leads …` */
import type { Command } from 'commander';
import type { Bus, StoredEvent } from '@leadwire/shared/broker/bus';
import { withBus } from '../connect.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { findInJournal, findLead, reportLead } from './lead-report.ts';
import { leadScreen } from './lead-screen.ts';
import { resendMessages, type ResendFlags } from './resend.ts';
import { retryLead, type RetryFlags } from './retry.ts';
import { say } from '../terminal.ts';

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
      requireId(id);
      const env = readEnv();
      await withBus(env, (bus) => show(bus, env, id, flags.private ?? false));
    });

  leads
    .command('retry')
    .description('send messages of a lead that failed; what was sent already is not sent again')
    .argument('<id>', 'its id, or the beginning of it')
    .option('--channel <channel>', 'only this one: email or sms')
    .option('--unknown-too', 'also messages that may have been sent: the person may get them twice')
    .option('-y, --yes', 'do not ask')
    .action(async (id: string, flags: RetryFlags) => {
      requireId(id);
      const env = readEnv();
      await withBus(env, async (bus) => {
        await retryLead(bus, (await leadOf(bus, env, id)).event, flags);
      });
    });

  leads
    .command('resend')
    .description('send messages again that the person HAS GOT ALREADY: they get them twice')
    .argument('<id>', 'its id, or the beginning of it')
    .requiredOption('--channel <channel>', 'which one: email or sms')
    .option(
      '--confirm <id>',
      'the first 8 characters of the lead, instead of typing them when asked',
    )
    .action(async (id: string, flags: ResendFlags) => {
      requireId(id);
      const env = readEnv();
      await withBus(env, async (bus) => {
        await resendMessages(bus, (await leadOf(bus, env, id)).event, flags);
      });
    });
}

/** @throws UsageError */
function requireId(id: string): void {
  if (/^[0-9a-f-]{8,36}$/i.test(id)) return;
  throw new UsageError(`"${id}" is no lead's id, nor the first ${SHORTEST_ID} characters of one.`);
}

async function show(bus: Bus, env: CliEnv, id: string, isPrivate: boolean): Promise<void> {
  const stored = await leadOf(bus, env, id);
  say(...leadScreen(await reportLead(bus, env, stored), isPrivate));
}

/** The lead's event. @throws FailedError in words when there is no such lead, or more than one. */
export async function leadOf(bus: Bus, env: CliEnv, id: string): Promise<StoredEvent> {
  const found = await findLead(bus, id);
  if ('stored' in found) return found.stored;
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
