/** Leads as the console reads them, with the token of whoever looks. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer, readRows } from './answers.ts';

const moment = z.string().nullable();
const text = z.string().nullable();

const rowSchema = z.object({
  id: z.uuid(),
  created_at: moment,
  kind: text,
  campaign: text,
  name: text,
  phone: text,
  email: text,
  utm_source: text,
  utm_campaign: text,
  utm_content: text,
  payment_method: text,
  quarantined: z.boolean(),
  contact_issues: z.array(z.string()).catch([]),
  email_status: text,
  email_delivered_at: moment,
  email_opened_at: moment,
  email_clicked_at: moment,
  email_bounced_at: moment,
  email_error: text,
  sms_status: text,
  sms_delivered_at: moment,
  sms_clicked_at: moment,
  sms_error: text,
  amocrm_synced: z.boolean(),
  amocrm_deal_id: z.number().nullable(),
  amocrm_stage: text,
  amocrm_error: text,
  amocrm_deleted_at: moment,
});
/** Who of those who work here has it, by name, and since when; nulls for nobody. */
const takenSchema = z.object({ manager: text, taken_at: moment });
const listRowSchema = rowSchema.extend({
  ...takenSchema.shape,
  email_due: moment,
  sms_due: moment,
});
export type LeadRow = z.infer<typeof listRowSchema>;

const pageSchema = z.object({
  rows: z.array(listRowSchema),
  total: z.number().nullable(),
  troubled: z.number().nullable(),
  /** There are more than `total`: counting stopped. */
  isMore: z.boolean(),
});

/** What is asked of the list; everything but the limit may be left out. */
export interface LeadQuery {
  /** Words in their spellings, as operations' `patternsOf` makes them; each has to fit. */
  text?: readonly (readonly string[])[];
  since?: string | undefined;
  sources?: readonly string[];
  kinds?: readonly string[];
  stages?: readonly string[];
  payments?: readonly string[];
  campaigns?: readonly string[];
  /** Ids; empty for leads that nobody has. */
  managers?: readonly string[];
  onlyTroubled?: boolean;
  onlyQuarantined?: boolean;
  /** The last row of the page before. */
  beforeAt?: string | undefined;
  beforeId?: string | undefined;
  limit: number;
  countUpTo?: number;
}

/** The newest first. @throws TransientError when the database is away; ForbiddenError */
export async function findLeads(client: SupabaseClient, asked: LeadQuery) {
  return readAnswer(pageSchema, await client.rpc('console_find_leads', { asked }));
}

const choicesSchema = z
  .array(z.object({ value: z.string(), count: z.number(), name: text }))
  .default(() => []);
const filtersSchema = z.object({
  sources: choicesSchema,
  kinds: choicesSchema,
  stages: choicesSchema,
  payments: choicesSchema,
  campaigns: choicesSchema,
  managers: choicesSchema,
});
export type Filters = z.infer<typeof filtersSchema>;

/** What there is to choose since then. @throws as `findLeads` */
export async function readFilters(client: SupabaseClient, since: Date): Promise<Filters> {
  const asked = { since: since.toISOString() };
  return readAnswer(filtersSchema, await client.rpc('console_lead_filters', asked));
}

const leadSchema = rowSchema.extend({
  source: text,
  utm_medium: text,
  utm_term: text,
  answers: z.record(z.string(), z.unknown()).nullable().catch(null),
  metadata: z.record(z.string(), z.unknown()).nullable().catch(null),
  amocrm_synced_at: moment,
});
const consentSchema = z.object({ consent_at: moment, consent_text: text });
const moreSchema = consentSchema.extend(takenSchema.shape);
const NO_MORE = { consent_at: null, consent_text: null, manager: null, taken_at: null };
export type Lead = z.infer<typeof leadSchema> & z.infer<typeof moreSchema>;

/** Without who has it. Undefined for one that is not there or not for this person. @throws as `findLeads` */
export async function readLead(client: SupabaseClient, id: string): Promise<Lead | undefined> {
  const columns = Object.keys(leadSchema.shape).join(', ');
  const [answer, agreed] = await Promise.all([
    client.from('staff_leads').select(columns).eq('id', id),
    // The table is for those who may see contacts; others find no row.
    client.from('landing_leads').select('consent_at, consent_text').eq('id', id),
  ]);
  const lead = readRows(leadSchema, answer)[0];
  return lead && { ...lead, ...NO_MORE, ...readRows(consentSchema, agreed)[0] };
}

const deliverySchema = z.object({
  id: z.uuid(),
  lead_id: z.uuid().nullable(),
  campaign_id: z.uuid().nullable(),
  channel: text,
  template: text,
  status: text,
  scheduled_for: moment,
  planned_at: moment,
  sent_at: moment,
  failed_at: moment,
  skipped_at: moment,
  delivered_at: moment,
  bounced_at: moment,
  complained_at: moment,
  opened_at: moment,
  clicked_at: moment,
  provider_id: text,
  attempts: z.number().nullable(),
  reason: text,
  bounce_reason: text,
  error: text,
  updated_at: moment,
});
export type Delivery = z.infer<typeof deliverySchema>;

const groupSchema = z.object({ id: z.string(), title: text });
const otherSchema = leadSchema.pick({ id: true, created_at: true, kind: true, utm_source: true });
export type OtherLead = z.infer<typeof otherSchema>;

const leadPageSchema = z
  .object({
    lead: leadSchema.extend(moreSchema.shape),
    deliveries: z.array(deliverySchema),
    groups: z.array(groupSchema),
    others: z.array(otherSchema),
  })
  .nullable();

/** A lead with what was or will be sent to its person and to groups, and the newest other leads of the same person. */
export interface LeadPage {
  lead: Lead;
  deliveries: Delivery[];
  /** What Telegram groups are called, by their ids; none for whoever may not see them. */
  groups: ReadonlyMap<string, string>;
  /** None for whoever may not see contacts. */
  others: OtherLead[];
}

/** Undefined for one that is not there or not for this person. @throws as `findLeads` */
export async function readLeadPage(
  client: SupabaseClient,
  id: string,
): Promise<LeadPage | undefined> {
  const read = readAnswer(leadPageSchema, await client.rpc('console_lead', { lead: id }));
  if (!read) return undefined;
  const groups = new Map(read.groups.map((group) => [group.id, group.title ?? 'без названия']));
  return { ...read, groups };
}
