/** `leadwire replay`: facts once more to one durable, a service, or all of them; shown first, then done. */
import { Option, type Command } from 'commander';
import {
  ReplayError,
  durablesMeant,
  foreseeMessages,
  replay,
  selectFacts,
  type ReplayFilter,
  type ReplayShare,
} from '@leadwire/operations/replay/replay';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newId } from '@leadwire/shared/contract/ids';
import type { ConsumerName } from '@leadwire/shared/contract/consumers';
import { actorHere } from '../actor.ts';
import { answer } from '../answer.ts';
import { withBus } from '../connect.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { leadIdOf } from '../leads/lead-commands.ts';
import { parseTime } from '../options.ts';
import { columns, confirm, counted, paint, progress, say } from '../terminal.ts';

interface ReplayFlags {
  to?: string;
  lead?: string;
  campaign?: string;
  kind?: string;
  since?: Date;
  until?: Date;
  everything?: boolean;
  dryRun?: boolean;
  yes?: boolean;
}

const AFTER_HELP = `
Whatever was done stays done: a message that was sent, failed or was skipped is not sent again, a deal is not
created twice, a row keeps its newer values. To send one again all the same: "leadwire leads resend".

Examples:
  leadwire replay --lead 0199f3a2 --to crm-sync
  leadwire replay --campaign spring_a --to all --dry-run
  leadwire replay --since 2h --until 1h --to lead-store`;

export function addReplayCommand(program: Command, readEnv: () => CliEnv): void {
  const parse = (text: string) => parseTime(text);
  program
    .command('replay')
    .description('hand stored events to a durable once more; nothing that is done is done again')
    .option('--to <durable>', 'a durable, a service (all of its durables), or "all"')
    .option('--lead <id>', "one lead's events: its id, or the beginning of it")
    .option('--campaign <slug>', "the events of a landing page's leads")
    .option('--kind <kind>', 'the events of one kind of lead: proftest or purchase')
    .addOption(new Option('--since <time>', '2h, 30m, 7d ago, or an ISO time').argParser(parse))
    .addOption(new Option('--until <time>', 'the same').argParser(parse))
    .option('--everything', 'every event there is')
    .option('--dry-run', 'only show what would happen')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', AFTER_HELP)
    .action(async (flags: ReplayFlags) => {
      const durables = requireDurables(requireTarget(flags));
      const env = readEnv();
      await withBus(env, async (bus) =>
        replayFacts(bus, durables, await toFilter(bus, env, flags), flags),
      );
    });
}

/** @throws UsageError */
function requireTarget(flags: ReplayFlags): string {
  const { to, lead, campaign, kind, since, until, everything } = flags;
  if (to === undefined) throw new UsageError('To whom? Give --to with a durable, or --to all.');
  if ([lead, campaign, kind, since, until].some((each) => each !== undefined) || everything) {
    return to;
  }
  throw new UsageError(
    'Which events? Give --lead, --campaign, --kind, --since, --until or --everything.',
  );
}

/** @throws UsageError */
function requireDurables(to: string): ConsumerName[] {
  try {
    return durablesMeant(to);
  } catch (thrown) {
    if (thrown instanceof ReplayError) throw new UsageError(thrown.message);
    throw thrown;
  }
}

async function toFilter(bus: Bus, env: CliEnv, flags: ReplayFlags): Promise<ReplayFilter> {
  const { lead, campaign, kind, since, until } = flags;
  return {
    ...(lead !== undefined && { leadId: await leadIdOf(bus, env, lead) }),
    ...(campaign !== undefined && { campaign }),
    ...(kind !== undefined && { kind }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

async function replayFacts(
  bus: Bus,
  durables: readonly ConsumerName[],
  filter: ReplayFilter,
  { dryRun = false, yes = false }: ReplayFlags,
): Promise<void> {
  const shares = (await selectFacts(bus, durables, filter)).filter(
    ({ messages }) => messages.length > 0,
  );
  if (shares.length === 0) return say('Nothing to do: no event fits.');
  const rows: string[][] = [];
  for (const share of shares) {
    rows.push([share.durable, String(share.messages.length), await foresee(bus, share)]);
  }
  say('To be replayed:', '', ...columns(['TO', 'EVENTS', 'WHAT WILL HAPPEN'], rows, '  '), '');
  const counts = shares.map(({ durable, messages }) => ({ durable, events: messages.length }));
  if (dryRun) {
    return answer({ wouldReplay: counts }, 'Nothing was changed: this was a dry run.');
  }
  if (!(await confirm('Replay?', yes))) return say('Nothing was changed.');

  const replayId = newId();
  await replay({ bus, actor: actorHere() }, replayId, shares, ({ durable, messages }, done) =>
    progress(`  ${durable}`, messages.length)(done),
  );
  const count = shares.reduce((sum, { messages }) => sum + messages.length, 0);
  answer(
    { replayId, replayed: counts },
    paint('green', `${counted(count, 'event')} handed out again, as replay ${replayId}.`),
  );
}

/** For durables that decide by something else than the ledger, in words that are always true. */
const WORDS: Partial<Record<ConsumerName, string>> = {
  'crm-sync': 'each deal is looked up; what is missing is created, nothing twice or backwards',
  'crm-students': 'each deal is looked up; what is missing is created, nothing twice or backwards',
  'referrals-sales': 'commissions stay as they are; what is missing is made, at the tier of now',
  'telegram-students': 'students who were told are not told again',
};

async function foresee(bus: Bus, share: ReplayShare): Promise<string> {
  const { durable } = share;
  const isPlanner = durable === 'notifier-plan' || durable === 'telegram-plan';
  if (!isPlanner) return WORDS[durable] ?? 'written again; what is newer stays';
  const isTelegram = durable === 'telegram-plan';
  const { settled, open, unplanned } = await foreseeMessages(
    bus,
    share,
    ({ channel }) => (channel === 'telegram') === isTelegram,
  );
  const words = [
    settled > 0 && `nothing for ${counted(settled, 'message')} that ended`,
    open > 0 && `${open} on the way stay so`,
    unplanned > 0 &&
      `${paint('yellow', `${counted(unplanned, 'lead')} without a message: planned`)}, ${isTelegram ? 'for groups that were active then' : 'or skipped as stale when too old'}`,
  ].filter(Boolean);
  return words.join('; ');
}
