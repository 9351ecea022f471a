/** Where a lead's deal can be opened, if crm-sync has made it by now. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Bus } from '@leadwire/shared/broker/bus';
import { eventSchemas, type Lead } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';

const POLL_MS = 250;

export interface DealLinkOptions {
  bus: Pick<Bus, 'lastUnder'>;
  /** The AmoCRM account; without one there are no deals to link to. */
  amocrmUrl: string | undefined;
  /** How long after its receipt a lead's deal is waited for, in milliseconds. */
  waitMs: number;
}

/**
 * Finds the address of a lead's deal. It is usually made within a second; a fresh lead waits a little
 * for it, since a notice with the link is worth more than one a moment earlier.
 * @throws TransientError when the broker does not answer.
 */
export function createDealLink({ bus, amocrmUrl, waitMs }: DealLinkOptions) {
  return async ({ leadId, receivedAt }: Lead): Promise<string | undefined> => {
    if (amocrmUrl === undefined) return undefined;
    const deadline = Date.parse(receivedAt) + waitMs;
    for (;;) {
      const found = await bus.lastUnder('DELIVERIES', subjects.crm('*', leadId));
      const record = eventSchemas['crm.recorded.v1'].safeParse(found?.event).data?.data;
      if (record?.dealId !== undefined) return `${amocrmUrl}/leads/detail/${record.dealId}`;
      if (record || Date.now() >= deadline) return undefined;
      await delay(POLL_MS);
    }
  };
}
