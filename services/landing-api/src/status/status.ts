/** What became of a lead, for those who have the admin token. */
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  eventSchemas,
  leadSchema,
  leadTakenSchema,
  personalChannels,
  type PersonalChannel,
} from '@leadwire/shared/contract/events';
import { RequestError, problemSchema } from '@leadwire/shared/service/http-problems';
import { settledStates, type Ledger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { Access } from '@leadwire/shared/service/access';
import type { GroupReader } from '@leadwire/shared/delivery/telegram-groups';
import { subjects } from '@leadwire/shared/contract/topology';
import { dealSchema, pendingDeal, readDeal, type DealStatus } from './deal-status.ts';
import type { Journal } from '../intake/journal.ts';

const endSchema = z.object({
  sent: z.boolean(),
  sent_at: z.iso.datetime().nullable(),
  error: z.string().nullable().meta({
    description: 'Why it was not sent, or the last failure of a message that is still tried.',
  }),
  status: z.enum(['pending', ...settledStates]),
});
const channelSchema = endSchema.extend({
  template: z.string().nullable(),
  scheduled_for: z.iso.datetime().nullable(),
});
type ChannelStatus = z.infer<typeof channelSchema>;

const noticeSchema = endSchema.extend({
  groupId: z.string(),
  title: z.string().nullable().meta({ description: 'The name of the Telegram group.' }),
});
type NoticeStatus = z.infer<typeof noticeSchema>;

const leadEventSchema = z.discriminatedUnion('type', [
  ...leadTakenSchema.options,
  eventSchemas['lead.quarantined.v1'],
]);

const statusSchema = z.object({
  success: z.literal(true),
  lead: leadSchema.extend({
    quarantined: z.boolean().meta({ description: 'Held: nothing happens until it is let out.' }),
    released_at: z.iso.datetime().nullable().meta({ description: 'When it was let out.' }),
  }),
  channels: z.object({ email: channelSchema, sms: channelSchema }),
  deal: dealSchema,
  telegram: z.array(noticeSchema).meta({ description: 'One for each group that hears of it.' }),
});

export interface StatusPorts {
  bus: Pick<Bus, 'lastUnder'>;
  ledger: Pick<Ledger, 'ofLead'>;
  groups: Pick<GroupReader, 'all'>;
  journal: Pick<Journal, 'find'>;
  access: Pick<Access, 'demand'>;
}

/**
 * Adds `GET /api/landing/leads/:leadId/status`. The lead and its deal are read from the streams and the
 * deliveries from the ledger, so it is true at once after the 201, whether the database has the row or not. A
 * lead that waits in this replica's journal is read from there, broker or no broker.
 */
export function addStatusRoute(app: FastifyInstance, ports: StatusPorts): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/api/landing/leads/:leadId/status',
    {
      // Before anything is looked at: without the token not even the form of an id can be tried.
      onRequest: async ({ headers }) => {
        await ports.access.demand(headers.authorization, 'status');
      },
      schema: {
        tags: ['admin'],
        summary: 'A lead, what became of its messages, and its deal in AmoCRM',
        security: [{ statusToken: [] }],
        params: z.object({ leadId: z.uuid('expected the id of a lead') }),
        response: {
          200: statusSchema,
          400: problemSchema.meta({ description: 'Not the id of a lead.' }),
          401: problemSchema.meta({ description: 'No token, or a wrong one.' }),
          403: problemSchema.meta({ description: 'A token without the scope status.' }),
          404: problemSchema.meta({ description: 'No such lead.' }),
          503: problemSchema.meta({ description: 'The broker is away: try again.' }),
        },
      },
    },
    // A lead's id is lower case in its subject, and a uuid may be written in capitals.
    (request) => readStatus(ports, request.params.leadId.toLowerCase()),
  );
}

async function readStatus(
  ports: StatusPorts,
  leadId: string,
): Promise<z.infer<typeof statusSchema>> {
  const { event, entries, deal } = await findLead(ports, leadId);
  if (!event) throw new RequestError(404, 'there is no lead with this id');
  const { type, time, data } = leadEventSchema.parse(event);
  const quarantined = type === 'lead.quarantined.v1';
  const [email, sms] = personalChannels.map((channel) =>
    quarantined ? quarantinedChannel : channelStatus(entries, channel),
  ) as [ChannelStatus, ChannelStatus];
  return {
    success: true,
    lead: { ...data, quarantined, released_at: type === 'lead.released.v1' ? time : null },
    channels: { email, sms },
    deal: quarantined ? quarantinedDeal : deal,
    telegram: await noticeStatuses(ports, entries),
  };
}

/** The journal first: what has left it is with the broker, but not the other way round. */
async function findLead({ bus, ledger, journal }: StatusPorts, leadId: string) {
  const waiting = await journal.find(leadId);
  if (waiting) return { event: waiting.event, entries: [], deal: pendingDeal };
  const [stored, entries, deal] = await Promise.all([
    bus.lastUnder('LEADS', subjects.anyLead(leadId)),
    ledger.ofLead(leadId),
    readDeal(bus, leadId),
  ]);
  return { event: stored?.event, entries, deal };
}

const unplannedChannel: ChannelStatus = {
  sent: false,
  sent_at: null,
  error: null,
  status: 'pending',
  template: null,
  scheduled_for: null,
};
const quarantinedChannel: ChannelStatus = {
  ...unplannedChannel,
  status: 'skipped',
  error: 'quarantined',
};

const quarantinedDeal: DealStatus = { ...pendingDeal, status: 'skipped', error: 'quarantined' };

/** The first message planned for the channel is the one that every lead gets; others come later. */
function channelStatus(entries: LedgerEntry[], channel: PersonalChannel): ChannelStatus {
  const [entry] = entries
    .filter((one) => one.channel === channel)
    .sort((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt));
  if (!entry) return unplannedChannel;
  return { ...endOf(entry), template: entry.template, scheduled_for: entry.dueAt };
}

async function noticeStatuses(
  { groups }: StatusPorts,
  entries: LedgerEntry[],
): Promise<NoticeStatus[]> {
  const notices = entries.filter(({ channel }) => channel === 'telegram');
  if (notices.length === 0) return [];
  const titles = new Map((await groups.all()).map(({ group }) => [group.groupId, group.title]));
  return notices.map((entry) => {
    const { template: groupId } = entry;
    return { groupId, title: titles.get(groupId) ?? null, ...endOf(entry) };
  });
}

function endOf(entry: LedgerEntry): z.infer<typeof endSchema> {
  const isSent = entry.state === 'sent';
  return {
    sent: isSent,
    sent_at: isSent ? (entry.settledAt ?? null) : null,
    error: isSent ? null : (entry.error ?? entry.reason ?? null),
    status: entry.state === 'planned' || entry.state === 'sending' ? 'pending' : entry.state,
  };
}
