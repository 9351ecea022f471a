/**
 * What others tell of messages and people: written down where campaigns are kept. A report about an SMS is
 * only a hint, so Mobizon is asked, and what it says becomes a fact, also about leads' messages.
 */
import { createBatch } from '@leadwire/shared/consumer/micro-batch';
import type { Bus } from '@leadwire/shared/broker/bus';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { SnoozeError } from '@leadwire/shared/errors';
import { type EventOf } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import type { MobizonClient } from '@leadwire/shared/providers/mobizon/messages';
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { ASK_AFTER_MS, ASK_TIMES } from '../campaigns/policy.ts';

const MAX_ROWS = 100;
/** Nobody sees this delay, and while mails of a campaign arrive it makes one write out of many facts. */
const WRITE_WAIT_MS = 50;
/** Longer, because calls to Mobizon are counted: 100 messages are asked about in one. */
const ASK_WAIT_MS = 500;
/** A report that is ahead of our own record, or of Mobizon's own status, is looked at again after this time. */
const LOOK_AGAIN_MS = 30_000;
/** After this time a message that nobody here knows is somebody else's: the account sends by hand, too. */
const GIVE_UP_MS = 15 * 60_000;

/** Mobizon's last words on a message; every other status may still change. */
const FINAL: Readonly<Record<string, 'delivered' | 'bounced'>> = {
  DELIVRD: 'delivered',
  UNDELIV: 'bounced',
  REJECTD: 'bounced',
  EXPIRED: 'bounced',
  DELETED: 'bounced',
};

const foundSchema = z.array(
  z.object({
    messageId: z.string(),
    recipientId: z.uuid().optional(),
    campaignId: z.uuid().optional(),
    deliveryId: z.uuid().optional(),
    leadId: z.uuid().optional(),
    template: z.string().optional(),
  }),
);
type Found = z.infer<typeof foundSchema>[number];

/** What is known of a message: whose it is, and what Mobizon says. */
interface Looked {
  found: Found | undefined;
  status: string | undefined;
}

export interface FactsPorts {
  database: Pick<Database, 'storeRows' | 'call'>;
  mobizon: Pick<MobizonClient, 'turn' | 'statuses'>;
  bus: Pick<Bus, 'publish' | 'name'>;
  /** Writes down which link was followed (clicks.ts). */
  storeClick: (event: EventOf<'campaign.delivery_recorded.v1'>) => Promise<void>;
  now?: () => number;
}

/** Each resolves when it is written; all throw as `Database` and `MobizonClient` do. */
export interface Facts {
  storeOutcome: (event: EventOf<'campaign.delivery_recorded.v1'>) => Promise<void>;
  /** @throws PermanentError for a recipient that is not there: a person has to look, nobody may be forgotten. */
  storeSuppression: (event: EventOf<'contact.suppressed.v1'>) => Promise<void>;
  /** Of an unsubscription only; complaints and bounces stay. @throws as `storeSuppression` */
  storeRestoration: (event: EventOf<'contact.restored.v1'>) => Promise<void>;
  /**
   * Asks Mobizon about the campaigns' SMS that have waited longest for a report, at most 100. `isMore`: there may be
   * others that are due. @throws as the others; what was to be asked then waits for its next time.
   */
  askAboutSms: () => Promise<{ asked: number; ended: number; isMore: boolean }>;
  /** @throws SnoozeError while it is too early to say. */
  lookAtSms: (event: EventOf<'sms.reported.v1'>) => Promise<void>;
}

export function createFacts(ports: FactsPorts): Facts {
  const { database, mobizon, bus, storeClick, now = Date.now } = ports;
  const write = (functionName: string) =>
    createBatch<object>({
      write: (rows) => database.storeRows(functionName, rows),
      maxRows: MAX_ROWS,
      maxWaitMs: WRITE_WAIT_MS,
    });
  const storeOutcome = write('leadwire_store_campaign_outcomes');
  const storeSuppression = write('leadwire_store_suppressions');
  const storeRestoration = write('leadwire_store_restorations');

  const look = createBatch<string, Looked>({
    maxRows: MAX_ROWS,
    maxWaitMs: ASK_WAIT_MS,
    write: async (messageIds) => {
      const args = { p_message_ids: messageIds };
      const known = await database.call('leadwire_find_sms', args, foundSchema);
      const found = new Map(known.map((one) => [one.messageId, one]));
      // Only about our own: the others cost a call and are nobody's here.
      const ours = [...found.keys()];
      if (ours.length > 0) await mobizon.turn({ priority: 'bulk' });
      const statuses = ours.length > 0 ? await mobizon.statuses(ours) : new Map<string, string>();
      return messageIds.map((id) => ({ found: found.get(id), status: statuses.get(id) }));
    },
  });

  const tell = async (
    found: Found,
    status: string,
    outcome: 'delivered' | 'bounced',
    at: string,
  ) => {
    const { messageId, recipientId, campaignId, deliveryId, leadId, template } = found;
    // The same end of the same message is one fact, however often it is reported.
    const id = derivedId('sms', messageId, status);
    const reason = outcome === 'bounced' ? { reason: status.toLowerCase() } : {};
    const base = { channel: 'sms', outcome, at, ...reason } as const;
    if (recipientId !== undefined && campaignId !== undefined) {
      const data = { recipientId, campaignId, ...base };
      await publishEvent(bus, 'campaign.delivery_recorded.v1', data, { id });
    }
    if (deliveryId !== undefined && leadId !== undefined && template !== undefined) {
      const data = { deliveryId, leadId, template, ...base };
      await publishEvent(bus, 'delivery.recorded.v1', data, { id });
    }
  };

  return {
    async storeOutcome(event) {
      await storeOutcome(event.data);
      if (event.data.outcome === 'clicked') await storeClick(event);
    },
    storeSuppression: ({ data }) => storeSuppression(data),
    storeRestoration: ({ data }) => storeRestoration(data),

    askAboutSms: async () => {
      const args = { p_limit: MAX_ROWS, p_wait_ms: ASK_AFTER_MS, p_times: ASK_TIMES };
      const due = await database.call('leadwire_campaign_sms_to_ask', args, foundSchema);
      if (due.length === 0) return { asked: 0, ended: 0, isMore: false };
      await mobizon.turn({ priority: 'bulk' });
      const statuses = await mobizon.statuses(due.map(({ messageId }) => messageId));
      const at = new Date(now()).toISOString();
      let ended = 0;
      for (const found of due) {
        const status = statuses.get(found.messageId) ?? '';
        const outcome = FINAL[status];
        if (!outcome) continue;
        await tell(found, status, outcome, at);
        ended += 1;
      }
      return { asked: due.length, ended, isMore: due.length === MAX_ROWS };
    },

    lookAtSms: async ({ data: { messageId, at } }) => {
      const { found, status = '' } = await look(messageId);
      const outcome = FINAL[status];
      if (found && outcome) return tell(found, status, outcome, at);
      if (now() - Date.parse(at) < GIVE_UP_MS) {
        throw new SnoozeError(
          'the message is not known here yet, or not at its end',
          LOOK_AGAIN_MS,
        );
      }
    },
  };
}
