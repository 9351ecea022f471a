/** The day at a glance, counted by the database for whoever looks. */
import type { SupabaseClient } from '@supabase/supabase-js';
import { z } from 'zod';
import { readAnswer } from './answers.ts';
import type { Clock } from '../words/time.ts';

const hours = z.array(z.object({ hour: z.number(), count: z.number() }));

const todaySchema = z.object({
  today: hours,
  usual: hours,
  usualDays: z.number(),
  sources: z.array(z.object({ source: z.string(), today: z.number(), usual: z.number() })),
  messages: z.array(
    z.object({
      channel: z.string().nullable(),
      sent: z.number(),
      delivered: z.number(),
      waiting: z.number(),
      failed: z.number(),
      skipped: z.number(),
    }),
  ),
  deals: z.object({ made: z.number(), failed: z.number(), waiting: z.number() }),
  lastLeadAt: z.string().nullable(),
  lastHours: z.number(),
  usualHours: z.number(),
  troubled: z.number(),
  quarantined: z.number(),
});
export type Today = z.infer<typeof todaySchema>;

/** @throws TransientError when the database is away; ForbiddenError */
export async function readToday(client: SupabaseClient, clock: Clock): Promise<Today> {
  const asked = { now: clock.now().toISOString(), timeZone: clock.timeZone };
  return readAnswer(todaySchema, await client.rpc('console_today', { asked }));
}
