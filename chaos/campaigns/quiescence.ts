/** Waits until nothing is left to do for campaigns: all have ended, with nobody failed whom a retry may still reach. */
import { setTimeout as delay } from 'node:timers/promises';
import type { CampaignLoad, Launched } from './load.ts';
import type { CampaignWorld } from './world.ts';

const POLL_MS = 500;
/** A retry may meet what a dead process left behind. */
const ROUNDS = 4;

/** Resolves with undefined when all is done, or after `timeoutMs` with what is left in words. */
export async function untilCampaignsEnd(
  world: CampaignWorld,
  load: Pick<CampaignLoad, 'refusable' | 'launched'>,
  { timeoutMs, note }: { timeoutMs: number; note: (left: string) => void },
): Promise<string | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (;;) {
      const left = await whatIsLeft(world);
      if (left === '') break;
      if (Date.now() > deadline) return left;
      note(`left: ${left}`);
      await delay(POLL_MS);
    }
    if (!(await retryFailed(world, load))) return undefined;
  }
  return 'people who fail at every try';
}

async function whatIsLeft({ bus, supabase }: CampaignWorld): Promise<string> {
  const open = await supabase.landing.sql<{ status: string; count: number }>(
    `select status, count(*)::integer as count from public.campaigns where status <> 'finished' group by status`,
  );
  const left = open.map(({ status, count }) => `${count} campaigns ${status}`);
  const { streams, consumers } = await bus.manager();
  const { state } = await streams.info('CAMPAIGNS');
  if (state.messages > 0) left.push(`${state.messages} nudges`);
  const { num_pending, num_ack_pending } = await consumers.info('CONTACTS', 'mailer-suppressions');
  if (num_pending + num_ack_pending > 0) left.push('suppressions');
  return left.join(', ');
}

/** Whether anybody gets another try. */
async function retryFailed(
  world: CampaignWorld,
  load: Pick<CampaignLoad, 'refusable' | 'launched'>,
): Promise<boolean> {
  const again = await worthRetrying(world, load);
  for (const { id, batchSize } of again) {
    await world.store.retry(id, { batchSize, unknownToo: false });
  }
  return again.length > 0;
}

/** The campaigns with people who failed and whom the provider would take at another try. */
export async function worthRetrying(
  { supabase }: CampaignWorld,
  { launched, refusable }: Pick<CampaignLoad, 'refusable' | 'launched'>,
): Promise<Launched[]> {
  const failed = await supabase.landing.sql<{ id: string; contact: string }>(
    `select campaign_id as id, contact from public.campaign_recipients where status = 'failed'`,
  );
  const ids = new Set(
    failed.filter(({ contact }) => !refusable.has(contact.replace('+', ''))).map(({ id }) => id),
  );
  return launched.filter(({ id }) => ids.has(id));
}
