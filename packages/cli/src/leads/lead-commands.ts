/** `leadwire leads …` */
import { Option, type Command } from 'commander';
import { channels, personalChannels } from '@leadwire/shared/contract/events';
import { SHORTEST_ID, isLeadId, requireLead } from '@leadwire/operations/leads/find-lead';
import { leadReport } from '@leadwire/operations/leads/lead-report';
import type { Bus } from '@leadwire/shared/broker/bus';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { openLanding } from '../landing.ts';
import { say } from '../terminal.ts';
import { leadScreen } from './lead-screen.ts';
import { resend, type ResendFlags } from './resend.ts';
import { retry, type RetryFlags } from './retry.ts';

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
    .addOption(new Option('--channel <channel>', 'only this one').choices(channels))
    .option('--unknown-too', 'also messages that may have been sent: the person may get them twice')
    .option('-y, --yes', 'do not ask')
    .action(async (id: string, flags: RetryFlags) => {
      requireId(id);
      const env = readEnv();
      await withBus(env, async (bus) =>
        retry({ bus, actor: actorHere() }, await leadIdOf(bus, env, id), flags),
      );
    });

  leads
    .command('resend')
    .description('send messages again that the person HAS GOT ALREADY: they get them twice')
    .argument('<id>', 'its id, or the beginning of it')
    .addOption(
      new Option('--channel <channel>', 'which one')
        .choices(personalChannels)
        .makeOptionMandatory(),
    )
    .option(
      '--confirm <id>',
      'the first 8 characters of the lead, instead of typing them when asked',
    )
    .action(async (id: string, flags: ResendFlags) => {
      requireId(id);
      const env = readEnv();
      await withBus(env, async (bus) =>
        resend({ bus, actor: actorHere() }, await leadIdOf(bus, env, id), flags),
      );
    });
}

/** Before the broker is asked. @throws UsageError */
function requireId(id: string): void {
  if (isLeadId(id)) return;
  throw new UsageError(`"${id}" is no lead's id, nor the first ${SHORTEST_ID} characters of one.`);
}

async function show(bus: Bus, env: CliEnv, id: string, isPrivate: boolean): Promise<void> {
  const database = await openLanding(env);
  const report = await leadReport({ bus, database, journalDir: env.JOURNAL_DIR }, id);
  say(...leadScreen(report, isPrivate));
}

/** The whole id of the lead meant. @throws LeadError in words when there is no such lead, or more than one. */
export async function leadIdOf(bus: Bus, env: CliEnv, id: string): Promise<string> {
  const { subject } = await requireLead({ bus, journalDir: env.JOURNAL_DIR }, id);
  return subject.split('.').at(-1) ?? '';
}
