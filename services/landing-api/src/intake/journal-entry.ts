/** One lead in the journal: the name and the content of its file. */
import { z } from 'zod';
import { leadEventSchema, type LeadEvent, type LeadFact } from './lead-fact.ts';

const contentSchema = z.object({
  version: z.literal(1),
  contentHash: z.string().min(1),
  isKeyed: z.boolean(),
  event: leadEventSchema.refine(
    ({ subject, data }) => subject === data.leadId,
    'the event is about another lead than it carries',
  ),
});

/** What is remembered of an entry without reading its file. No contact data. */
export interface JournalEntry {
  readonly file: string;
  readonly leadId: string;
  readonly contentHash: string;
  readonly isKeyed: boolean;
  /** When the lead was received, in milliseconds since 1970. */
  readonly receivedAt: number;
}

/** The file's text. */
export function encodeEntry({ event, contentHash, isKeyed }: LeadFact): string {
  return `${JSON.stringify({ version: 1, contentHash, isKeyed, event })}\n`;
}

/**
 * Reads a file's text. The event comes back as it was written, with fields that this version does
 * not know.
 * @throws when it is not an entry, in words without what stands in it.
 */
export function decodeEntry(text: string): LeadFact {
  const content = parseJson(text);
  const result = contentSchema.safeParse(content);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new TypeError(`${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'not valid'}`);
  }
  const { contentHash, isKeyed } = result.data;
  return { contentHash, isKeyed, event: (content as { event: LeadEvent }).event };
}

/** An entry as it is remembered. */
export function entryOf(file: string, { event, contentHash, isKeyed }: LeadFact): JournalEntry {
  const { leadId, receivedAt } = event.data;
  return { file, leadId, contentHash, isKeyed, receivedAt: Date.parse(receivedAt) };
}

/**
 * Makes file names whose alphabetical order is the order of the calls: microseconds since 1970 in 16
 * digits, at least one more than the last. A clock set back between two starts costs the order
 * between the runs, nothing else.
 */
export function createFileNames(): (leadId: string) => string {
  let last = 0;
  return (leadId) => {
    last = Math.max(last + 1, Date.now() * 1_000);
    return `${String(last).padStart(16, '0')}-${leadId}.json`;
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the text, and with it contact data.
    throw new TypeError('not JSON');
  }
}
