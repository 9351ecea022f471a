/** `leadwire leads …` */
import { Option, type Command } from 'commander';
import type { ActingParts } from '@leadwire/operations/acting';
import { quarantineReasons } from '@leadwire/shared/contract/alert-facts';
import { channels, personalChannels } from '@leadwire/shared/contract/events';
import { SHORTEST_ID, isLeadId, requireLead } from '@leadwire/operations/leads/find-lead';
import type { Bus } from '@leadwire/shared/broker/bus';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { parseTime } from '../options.ts';
import { cancel, cancelSelection, type CancelFlags } from './cancel.ts';
import { addImportOlderCommand } from './import-older.ts';
import { addLeadListCommands } from './lead-list-commands.ts';
import { heldSelection, release, type ReleaseFlags } from './release.ts';
import { resend, type ResendFlags } from './resend.ts';
import { retry, type RetryFlags } from './retry.ts';
import { showLead, type ShowFlags } from './show.ts';

export function addLeadCommands(program: Command, readEnv: () => CliEnv): void {
  const leads = program.command('leads').description('people who left their contacts');
  leads
    .command('show')
    .description('everything known about one lead, on one screen; of several, the newest')
    .argument(
      '<lead>',
      'its id or the beginning of it, its short number, a phone, or a mail address',
    )
    .option('--private', 'show contact data as it is')
    .action((text: string, flags: ShowFlags) => showLead(readEnv(), text, flags));
  addLeadListCommands(leads, readEnv);
  addImportOlderCommand(leads, readEnv);

  leads
    .command('retry')
    .description('send messages of a lead that failed; what was sent already is not sent again')
    .argument('<id>', 'its id, or the beginning of it')
    .addOption(new Option('--channel <channel>', 'only this one').choices(channels))
    .option('--unknown-too', 'also messages that may have been sent: the person may get them twice')
    .option('--dry-run', 'only show what would be sent')
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

  addHoldingCommands(leads, readEnv);
}

/** What lets leads out of quarantine, and what takes back their messages. */
function addHoldingCommands(leads: Command, readEnv: () => CliEnv): void {
  const withLeads = async (
    ids: readonly string[],
    work: (parts: ActingParts, leadIds: string[]) => Promise<void>,
  ): Promise<void> => {
    ids.forEach(requireId);
    const env = readEnv();
    await withBus(env, async (bus) => {
      const leadIds = await Promise.all(ids.map((id) => leadIdOf(bus, env, id)));
      await work({ bus, actor: actorHere() }, leadIds);
    });
  };
  const acting = (command: Command) =>
    command
      .argument('[id...]', 'their ids, or the beginnings of them')
      .option('--since <time>', 'only what was received since then: 2h, 30m, 7d', (text) =>
        parseTime(text),
      )
      .option('--dry-run', 'show what would happen, change nothing')
      .option('-y, --yes', 'do not ask');

  acting(leads.command('release'))
    .description('let held leads out: mail, SMS, deal and notice follow, once')
    .addOption(new Option('--reason <reason>', 'why they are held').choices(quarantineReasons))
    .action((ids: string[], flags: ReleaseFlags) => {
      const wanted = heldSelection(ids, flags);
      return withLeads(ids, (parts, leadIds) =>
        release(parts, 'leadIds' in wanted ? { leadIds } : wanted, flags),
      );
    });

  acting(leads.command('cancel'))
    .description('take back messages that are planned; what was begun is left')
    .option('--phone <phone>', 'all leads with this number')
    .option('--source <source>', 'all leads of this form, with --since')
    .action((ids: string[], flags: CancelFlags) => {
      const wanted = cancelSelection(ids, flags);
      return withLeads(ids, (parts, leadIds) =>
        cancel(parts, 'leadIds' in wanted ? { leadIds } : wanted, flags),
      );
    });
}

/** Before the broker is asked. @throws UsageError */
function requireId(id: string): void {
  if (isLeadId(id)) return;
  throw new UsageError(`"${id}" is no lead's id, nor the first ${SHORTEST_ID} characters of one.`);
}

/** The whole id of the lead meant. @throws LeadError in words when there is no such lead, or more than one. */
export async function leadIdOf(bus: Bus, env: CliEnv, id: string): Promise<string> {
  const { subject } = await requireLead({ bus, journalDir: env.JOURNAL_DIR }, id);
  return subject.split('.').at(-1) ?? '';
}
