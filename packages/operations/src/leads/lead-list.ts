/** Leads as the database finds them, newest first: by any part of a name, phone or mail, and by what became of them. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { z } from 'zod';
import { LeadError } from './lead-error.ts';

/** `trouble`: whatever a person should look at. */
export const leadStates = [
  'quarantined',
  'trouble',
  'failed',
  'unknown',
  'skipped',
  'waiting',
] as const;
export type LeadState = (typeof leadStates)[number];

/** What is frequent stands among the newest: looked for there first, it is found without reading every lead. */
const NEWEST = 2_000;
/** Characters of the longest word that leads are looked for by. */
export const SHORTEST_TEXT = 2;
/** Nobody types more; each word is a condition. */
const MOST_WORDS = 6;
const LONGEST_WORD = 100;

const rowSchema = z
  .object({
    id: z.uuid(),
    created_at: z.string(),
    kind: z.string().nullable(),
    source: z.string().nullable(),
    name: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    quarantined: z.boolean(),
    email_status: z.string().nullable(),
    sms_status: z.string().nullable(),
    email_bounced_at: z.string().nullable(),
    amocrm_deal_id: z.number().nullable(),
    amocrm_stage: z.string().nullable(),
    amocrm_error: z.string().nullable(),
    manager: z.string().nullable(),
    taken_at: z.string().nullable(),
  })
  .transform((row) => ({
    leadId: row.id,
    at: row.created_at,
    kind: row.kind,
    source: row.source,
    name: row.name,
    email: row.email,
    phone: row.phone,
    isQuarantined: row.quarantined,
    /** pending, sent, failed, skipped, unknown; null when none is planned. */
    emailStatus: row.email_status,
    smsStatus: row.sms_status,
    emailBouncedAt: row.email_bounced_at,
    dealId: row.amocrm_deal_id,
    stage: row.amocrm_stage,
    dealError: row.amocrm_error,
    /** What those who work here call whoever has it. */
    manager: row.manager,
    takenAt: row.taken_at,
  }));
/** A lead as a list shows it; times in ISO 8601. */
export type FoundLead = z.output<typeof rowSchema>;

/** The last lead of a page: the next page begins after it. */
export interface LeadCursor {
  at: string;
  id: string;
}

export interface LeadQuery {
  /** Any part of name, phone (in any spelling) or mail; several words have to fit all. */
  text?: string | undefined;
  source?: string | undefined;
  kind?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  state?: LeadState | undefined;
  before?: LeadCursor | undefined;
  limit: number;
}

export interface LeadPage {
  leads: FoundLead[];
  /** Undefined on the last page. */
  next: LeadCursor | undefined;
}

/** @throws LeadError `too_short` for a text that fits too many leads; as `Database`. */
export async function findLeads(
  database: Pick<Database, 'call'>,
  query: LeadQuery,
): Promise<LeadPage> {
  const { text, source, kind, since, until, state, before, limit } = query;
  const wanted = {
    ...(text !== undefined && { text: requirePatterns(text) }),
    ...(source !== undefined && { source }),
    ...(kind !== undefined && { kind }),
    ...(since && { since: since.toISOString() }),
    ...(until && { until: until.toISOString() }),
    ...(state && { state }),
    ...(before && { before }),
  };
  const args = { wanted, at_most: limit + 1, newest: NEWEST };
  const found = await database.call('leadwire_find_leads', args, z.array(rowSchema));
  const leads = found.slice(0, limit);
  const last = leads.at(-1);
  const isMore = found.length > limit;
  return { leads, next: isMore && last ? { at: last.at, id: last.leadId } : undefined };
}

/** @throws LeadError `too_short` */
function requirePatterns(text: string): string[][] {
  const patterns = patternsOf(text);
  if (patterns) return patterns;
  throw new LeadError(
    'too_short',
    `"${text.trim()}" fits too many leads: give ${SHORTEST_TEXT} characters or more.`,
  );
}

/**
 * What `leadwire_search_text` is compared with: every word has to fit in one of its spellings. Undefined for a text
 * that would fit nearly every lead.
 */
export function patternsOf(text: string): string[][] | undefined {
  const typed = text.trim();
  const words = isPhone(typed) ? [typed] : typed.split(/\s+/).slice(0, MOST_WORDS);
  const wanted = words.map((word) => spellingsOf(word.slice(0, LONGEST_WORD)));
  const longest = Math.max(...wanted.flat().map((each) => [...each].length));
  if (longest < SHORTEST_TEXT) return undefined;
  return wanted.map((each) => each.map(toPattern));
}

const isPhone = (text: string) => /^\+?[\d\s()-]*\d[\d\s()-]*$/.test(text);

/** A phone is its digits, with 8 and 7 at its beginning for each other; a word is as the database folds it. */
function spellingsOf(word: string): string[] {
  if (!isPhone(word)) return [folded(word)];
  const digits = word.replace(/\D/g, '');
  const rest = digits.slice(1);
  if (digits.startsWith('8')) return [digits, `7${rest}`];
  if (digits.startsWith('77') && digits.length === 11) return [digits, `8${rest}`];
  return [digits];
}

const TYPED_FOR: Readonly<Record<string, string>> = {
  ё: 'е',
  ә: 'а',
  і: 'и',
  ї: 'и',
  ұ: 'у',
  ү: 'у',
  қ: 'к',
  ғ: 'г',
  ң: 'н',
  ө: 'о',
  һ: 'х',
};

function folded(word: string): string {
  return [...word.toLowerCase()].map((letter) => TYPED_FOR[letter] ?? letter).join('');
}

function toPattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}
