/** Waits until nothing is left to do anywhere: no work in the streams, no consumer behind, no delivery open. */
import { readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { consumers } from '@leadwire/shared/contract/consumers';
import type { World } from './world.ts';

const POLL_MS = 250;
/** No world has Telegram in it, so nobody works for these. */
const OF_TELEGRAM = ['telegram-plan', 'telegram-send', 'telegram-alerts', 'telegram-students'];
/** The consumers of one part. */
const consumersOf = (part: string) =>
  Object.keys(consumers).filter((name) => name.startsWith(part));
/** No world starts the service of those who bring others: it sends nothing itself. */
const OF_REFERRALS = consumersOf('referrals-');
/** Nor the one that carries the people who work here. */
const OF_IDENTITY = consumersOf('identity-');
/** Nor mailer-batch, whose messages after a lead are campaigns'. */
const OF_SEQUENCES = consumersOf('sequence-');
/** Nobody works for these in a world without crm-sync. */
const OF_CRM_SYNC = ['crm-sync', 'crm-students', 'crm-changes'];
/** An acknowledgement is counted and the next fact published within this time. */
const LOOKS_IN_A_ROW = 3;

/**
 * Resolves with undefined when all is done, or after `timeoutMs` with what is left in words. `note` hears it
 * meanwhile.
 */
export async function untilQuiet(
  world: Pick<World, 'bus' | 'journals' | 'hasCrm'>,
  { timeoutMs, note }: { timeoutMs: number; note: (left: string) => void },
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  let left = 'everything';
  for (let quiet = 0; Date.now() < deadline; await delay(POLL_MS)) {
    left = await whatIsLeft(world).catch((thrown: unknown) => `the broker: ${String(thrown)}`);
    quiet = left === '' ? quiet + 1 : 0;
    if (quiet >= LOOKS_IN_A_ROW) return undefined;
    note(left);
  }
  return left;
}

async function whatIsLeft({
  bus,
  journals,
  hasCrm,
}: Pick<World, 'bus' | 'journals' | 'hasCrm'>): Promise<string> {
  const { streams, consumers: durables } = await bus.manager();
  const left: string[] = [];
  const files = await readdir(journals, { recursive: true });
  const leads = files.filter((file) => file.endsWith('.json'));
  if (leads.length > 0) left.push(`${leads.length} leads in the journal`);
  const { state } = await streams.info('NOTIFICATIONS');
  if (state.messages > 0) left.push(`${state.messages} notifications`);
  const absent = [...OF_TELEGRAM, ...OF_REFERRALS, ...OF_IDENTITY, ...OF_SEQUENCES];
  const nobody = hasCrm ? absent : [...absent, ...OF_CRM_SYNC];
  for (const [name, { stream }] of Object.entries(consumers)) {
    if (nobody.includes(name)) continue;
    const { num_pending: waiting, num_ack_pending: taken } = await durables.info(stream, name);
    if (waiting + taken > 0) left.push(`${name} ${waiting + taken}`);
  }
  return left.join(', ');
}
