/**
 * Leads that were kept in other tables before, brought into `landing_leads` once. A row that is a lead told twice is tied
 * to it. Nothing is deleted there, and nobody is written to: no event is told of them.
 */
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import { leadKinds } from '@leadwire/shared/contract/events';
import type { Database, Row } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';

export const olderTables = ['unified_lead_tracking', 'lead_tracking'] as const;
export type OlderTable = (typeof olderTables)[number];

/** The same contact within this time is the same lead, written into several tables. */
const NEAR_SECONDS = 24 * 3_600;
/** So few that a busy database answers in time: each row is tied to its person. */
const PAGE = 50;
/** A longer tag is no tag; it is kept whole in the metadata. */
const LONGEST_TAG = 500;

const answerSchema = z.array(
  z.object({
    sourceId: z.string(),
    leadId: z.uuid().nullable(),
    outcome: z.enum(['imported', 'tied', 'no_contact']),
  }),
);
type Answer = z.infer<typeof answerSchema>[number];

export type OlderCounts = Record<Answer['outcome'], number>;

export interface OlderLeads {
  landing: Database;
  /** The project that holds the table. */
  holder: Database;
  table: OlderTable;
}

/** Every row that is no lead of ours yet, page by page. @throws as `Database` */
async function* pagesOf({ holder, table }: OlderLeads): AsyncGenerator<Row[]> {
  let after: string | number | undefined;
  for (;;) {
    const page = await holder.rowsAfter(table, {
      columns: ['*'],
      filters: [
        { column: 'lead_id', op: 'is', value: null },
        { column: 'landing_lead_id', op: 'is', value: null },
      ],
      key: 'id',
      after,
      limit: PAGE,
    });
    const last = page.at(-1)?.['id'];
    if (typeof last !== 'string' && typeof last !== 'number') return;
    yield page;
    after = last;
  }
}

/** How many rows wait. @throws as `Database` */
export async function countOlderLeads(of: OlderLeads): Promise<number> {
  let count = 0;
  for await (const page of pagesOf(of)) count += page.length;
  return count;
}

/** Brings them in; a run that died is made good by the next. @throws as `Database` */
export async function importOlderLeads(of: OlderLeads): Promise<OlderCounts> {
  const { landing, holder, table } = of;
  const counts: OlderCounts = { imported: 0, tied: 0, no_contact: 0 };
  for await (const page of pagesOf(of)) {
    const args = { from_table: table, rows: page.map(readOlder), near_seconds: NEAR_SECONDS };
    const answers = await landing.call('leadwire_import_older_leads', args, answerSchema);
    for (const { outcome } of answers) counts[outcome] += 1;
    const ties = answers.flatMap(({ sourceId, leadId, outcome }) =>
      leadId === null ? [] : [{ sourceId, leadId, isTheLead: outcome === 'imported' }],
    );
    // The landing project's own table is tied by the same statement.
    if (table === 'lead_tracking') await holder.storeRows('leadwire_tie_lead_tracking', ties);
  }
  return counts;
}

const TAGS = ['source', 'medium', 'campaign', 'content', 'term'] as const;

/** What the import takes; columns that it does not know are kept in the metadata. */
export function readOlder(row: Row): object {
  const rest = new Map(Object.entries(row).filter(([, value]) => value !== null && value !== ''));
  const take = (...names: string[]): unknown => {
    const found = names.map((name) => rest.get(name)).find((value) => value !== undefined);
    for (const name of names) rest.delete(name);
    return found;
  };
  const text = (...names: string[]): string | undefined => {
    const value = take(...names);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const sourceId = text('id');
  const [email, phone] = [text('email'), text('phone', 'phone_number')];
  const createdAt = toTime(take('created_at')) ?? toTime(take('updated_at')) ?? toTime(Date.now());
  const kind = leadKinds.find((one) => one === rest.get('kind'));
  const utm = Object.fromEntries(
    TAGS.map((tag) => {
      const value = rest.get(`utm_${tag}`);
      const isTag = typeof value === 'string' && value.length <= LONGEST_TAG;
      if (isTag) rest.delete(`utm_${tag}`);
      return [tag, typeof value === 'string' ? value.slice(0, LONGEST_TAG) : undefined];
    }),
  );
  const known = {
    sourceId,
    kind,
    email: email === undefined ? undefined : (readEmail(email).email ?? email),
    phone: phone === undefined ? undefined : (readPhone(phone).phone ?? phone),
    name: text('name', 'full_name'),
    source: text('source', 'lead_source'),
    campaign: text('campaign', 'slug'),
    paymentMethod: text('payment_method'),
    utm,
    createdAt,
    emailSent: take('email_sent') === true,
    emailSentAt: toTime(take('email_sent_at')),
    smsSent: take('sms_sent') === true,
    smsSentAt: toTime(take('sms_sent_at')),
    dealId: Number(text('amocrm_deal_id')) || undefined,
  };
  if (kind) rest.delete('kind');
  for (const name of NOTHING_SAID) if (rest.get(name) === false) rest.delete(name);
  return { ...known, metadata: Object.fromEntries(rest) };
}

/** Columns that Leadwire's own migrations added to the older tables. */
const NOTHING_SAID = ['quarantined', 'amocrm_synced'];

function toTime(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
