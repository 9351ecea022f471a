/** What an owner looks after: forms, and who did what. */
import { upkeepSchema, type ReadUpkeepRows } from '@leadwire/operations/upkeep/upkeep';
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer, readRows } from './answers.ts';

const formSchema = z.object({
  slug: z.string(),
  kind: z.string(),
  dialect: z.string(),
  active: z.boolean(),
  hasSecret: z.boolean(),
  lastLeadAt: z.string().nullable(),
  openRejects: z.number(),
});
export type FormShown = z.infer<typeof formSchema>;

/** By slug, without secrets. @throws TransientError when the database is away; ForbiddenError for all but owners */
export async function readForms(client: SupabaseClient): Promise<FormShown[]> {
  return readAnswer(z.array(formSchema), await client.rpc('console_forms'));
}

/** What should be looked at, as the database counts it. @throws as `readForms` */
export const readUpkeep =
  (client: SupabaseClient): ReadUpkeepRows =>
  async (asked) =>
    readAnswer(upkeepSchema, await client.rpc('console_upkeep', { asked }));

const auditSchema = z.object({
  event_id: z.string(),
  actor: z.string().nullable(),
  action: z.string().nullable(),
  subject: z.string().nullable(),
  result: z.string().nullable(),
  at: z.string().nullable(),
});
export type AuditRow = z.infer<typeof auditSchema>;

/** The newest first, before this moment. @throws as `readForms`; others find no rows */
export async function readAudit(
  client: SupabaseClient,
  before: string | undefined,
  limit: number,
): Promise<AuditRow[]> {
  const columns = Object.keys(auditSchema.shape).join(', ');
  const query = client.from('audit_log').select(columns);
  const older = before === undefined ? query : query.lt('at', before);
  return readRows(auditSchema, await older.order('at', { ascending: false }).limit(limit));
}
