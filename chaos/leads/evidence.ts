/** The three ledgers, each read from where it is kept and from nowhere else. */
import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { leadTakenSchema } from '@leadwire/shared/contract/events';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { TestSupabase } from '@leadwire/testing/supabase';
import { collectCrm, type CrmEvidence } from '../crm/evidence.ts';
import type { Accepted } from './load.ts';

export interface LeadLine {
  leadId: string;
  /** Where in LEADS it is, for a person who looks for the cause. */
  place: string;
  /** Its address and number: unique to the submission, or `shared`. */
  contacts: string[];
  /** Channels by which this person cannot be reached. */
  unreachable: string[];
  isPaid: boolean;
}

export type DeliveryLine = Pick<
  LedgerEntry,
  'deliveryId' | 'leadId' | 'channel' | 'state' | 'dueAt' | 'reason'
>;

export interface DeliveryRow {
  status: string;
  providerId: string | undefined;
}

export interface EffectLine {
  kind: 'mail' | 'sms';
  to: string;
  /** The delivery it names itself after; undefined when it names none. */
  deliveryId: string | undefined;
  /** What the provider may be told of as its id. */
  ids: string[];
  at: string;
}

export interface Evidence {
  /** Every answer 201 or 200 that a sender saw. */
  accepted: Accepted[];
  /** Contacts of people who came more than once, as forms and providers write them. */
  shared: ReadonlySet<string>;
  /** What is in LEADS. */
  leads: LeadLine[];
  /** The delivery ledger. */
  deliveries: DeliveryLine[];
  /** Ids in `landing_leads`. */
  leadRows: Set<string>;
  /** `scheduled_notifications` by id. */
  rows: Map<string, DeliveryRow>;
  /** `lead_tracking` of the second project. */
  tracking: { leadId: string; email: string | null; sms: string | null }[];
  /** What the providers really did. */
  effects: EffectLine[];
  /** In a world with crm-sync. */
  crm?: CrmEvidence;
}

interface Sources {
  bus: Bus;
  supabase: TestSupabase;
  sandbox: SandboxControl;
  hasCrm: boolean;
}

/** Reads all ledgers. @throws when one cannot be read. */
export async function collectEvidence(
  { bus, supabase, sandbox, hasCrm }: Sources,
  accepted: Accepted[],
  shared: ReadonlySet<string>,
): Promise<Evidence> {
  const { landing, tripwire } = supabase;
  const leadRows = await landing.sql<{ id: string }>('select id from public.landing_leads');
  const rows = await landing.sql<{ id: string; status: string; provider_id: string | null }>(
    'select id, status, provider_id from public.scheduled_notifications',
  );
  return {
    accepted,
    shared,
    leads: await readLeads(bus),
    deliveries: await readLedger(bus),
    leadRows: new Set(leadRows.map(({ id }) => id)),
    rows: new Map(
      rows.map(({ id, status, provider_id }) => [
        id,
        { status, providerId: provider_id ?? undefined },
      ]),
    ),
    tracking: await tripwire.sql(
      'select lead_id as "leadId", email_status as email, sms_status as sms from public.lead_tracking',
    ),
    effects: await readEffects(sandbox),
    ...(hasCrm && { crm: await collectCrm(sandbox, landing) }),
  };
}

async function readLeads(bus: Bus): Promise<LeadLine[]> {
  const { state } = await (await bus.manager()).streams.info('LEADS');
  const places = Array.from({ length: state.last_seq }, (_, index) => index + 1);
  const stored = await inBatches(places, (seq) => bus.atSequence('LEADS', seq));
  return stored.flatMap((message) => {
    if (!message) return [];
    const { data } = leadTakenSchema.parse(message.event);
    const hasNumber = data.phone !== null && !data.contactIssues.includes('phone_invalid');
    return [
      {
        leadId: data.leadId,
        place: `${message.seq} ${message.subject}`,
        contacts: [data.email, data.phone].filter((contact) => contact !== null),
        isPaid: data.paymentMethod !== null,
        unreachable: [...(data.email === null ? ['email'] : []), ...(hasNumber ? [] : ['sms'])],
      },
    ];
  });
}

/** Not through the product's ledger, whose reading is under test as well. */
async function readLedger(bus: Bus): Promise<DeliveryLine[]> {
  const manager = await bus.manager();
  const { state } = await manager.streams.info('KV_deliveries', { subjects_filter: '>' });
  const found = await inBatches(Object.keys(state.subjects ?? {}), (subject) =>
    manager.streams.getMessage('KV_deliveries', { last_by_subj: subject }),
  );
  return found.map((message) => message.json<DeliveryLine>());
}

async function readEffects(sandbox: SandboxControl): Promise<EffectLine[]> {
  const [mails, sms] = [await sandbox.mails(), await sandbox.sms()];
  return [
    ...mails.map(({ id, to, at, tags }) => ({
      kind: 'mail' as const,
      to: to.join(),
      at,
      ids: [id],
      deliveryId: tags.find(({ name }) => name === 'delivery_id')?.value,
    })),
    ...sms.map(({ id, to, at, campaignId, campaignName }) => ({
      kind: 'sms' as const,
      to: to.join(),
      at,
      ids: [id, `campaign:${campaignId}`],
      deliveryId: /^leadwire:(.+)$/.exec(campaignName)?.[1],
    })),
  ];
}

const AT_ONCE = 50;

async function inBatches<In, Out>(
  items: readonly In[],
  read: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(read))));
  }
  return results;
}
