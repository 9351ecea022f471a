/** `leadwire dead sweep`: what the notifier does by itself every few minutes, over the whole ledger. */
import type { Command } from 'commander';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createRescue, type Strays } from '@leadwire/shared/delivery/rescue';
import { MANY, audited } from '@leadwire/operations/audit/audited';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { almatyClock, columns, confirm, counted, paint, say } from '../terminal.ts';

const SAMPLE = 10;

export function addSweepCommand(dead: Command, readEnv: () => CliEnv): void {
  dead
    .command('sweep')
    .description('find messages that nobody will ever hand out, and hand them out again')
    .option('--dry-run', 'only show them')
    .option('-y, --yes', 'do not ask')
    .action(async (flags: SweepFlags) => withBus(readEnv(), (bus) => sweep(bus, flags)));
}

interface SweepFlags {
  dryRun?: boolean;
  yes?: boolean;
}

async function sweep(bus: Bus, { dryRun = false, yes = false }: SweepFlags): Promise<void> {
  const sweeping = createRescue(bus);
  const strays = await sweeping.look();
  const count = strays.overdue.length + strays.stuck.length;
  if (count === 0) {
    return answer(strays, 'No strays: every message that is due will be handed out.');
  }
  say(`${counted(count, 'stray')} to be handed out again:`, '', ...showStrays(strays), '');
  if (dryRun) return answer(strays, 'Nothing was changed: this was a dry run.');
  if (!(await confirm('Hand out again?', yes))) return say('Nothing was changed.');
  const { broughtBack, withoutLead } = await audited(
    bus,
    { actor: actorHere(), action: 'delivery.rescued', subject: MANY, details: { strays: count } },
    () => sweeping.bringBack(strays),
  );
  const lost = withoutLead.map(({ leadId }) => leadId);
  answer(
    { broughtBack, withoutLead: lost },
    ...(broughtBack > 0 ? [paint('green', `${broughtBack} handed out again.`)] : []),
  );
  if (withoutLead.length > 0) {
    throw new FailedError(
      `${withoutLead.length} not: their lead is not in LEADS any more (${lost.join(', ')}).`,
    );
  }
}

function showStrays({ overdue, stuck }: Strays): string[] {
  const rows = [
    ...overdue.map(({ channel, leadId, dueAt, state }) => [
      channel,
      leadId,
      `due ${almatyClock(dueAt)}, ${state}, and no message for it`,
    ]),
    ...stuck.map(({ durable, stream, seq }) => [
      durable as string,
      `${stream} ${seq}`,
      'handed out before and never settled',
    ]),
  ];
  const more = rows.length - SAMPLE;
  const lines = columns(['WHAT', 'LEAD OR PLACE', 'WHY'], rows.slice(0, SAMPLE), '  ');
  return more > 0 ? [...lines, `  … and ${more} more`] : lines;
}
