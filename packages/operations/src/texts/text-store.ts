/** The tables `message_templates` and their versions. What the caller may is decided by the database. */
import type { Database } from '@leadwire/shared/providers/supabase';
import { ownTextSchema, type OwnText } from '@leadwire/templates/own-texts/own-text';
import { z } from 'zod';

/** Of the product's own messages, or of campaigns. */
export const textPurposes = ['campaign', 'transactional'] as const;
export type TextPurpose = (typeof textPurposes)[number];

const listedSchema = z.object({
  name: z.string(),
  title: z.string(),
  purpose: z.enum(textPurposes),
  version: z.number(),
  isArchived: z.boolean(),
  updatedBy: z.string(),
  updatedAt: z.string(),
  subject: z.string().nullable(),
  isRaw: z.boolean(),
  hasMail: z.boolean(),
  hasSms: z.boolean(),
});
export type ListedText = z.infer<typeof listedSchema>;

const readSchema = z.object({
  name: z.string(),
  title: z.string(),
  purpose: z.enum(textPurposes),
  /** The version that holds; `version` is the one that is shown. */
  current: z.number(),
  isArchived: z.boolean(),
  updatedBy: z.string(),
  updatedAt: z.string(),
  version: z.number(),
  content: ownTextSchema,
  author: z.string(),
  at: z.string(),
});
export type StoredText = z.output<typeof readSchema>;

const versionSchema = z.object({
  version: z.number(),
  title: z.string(),
  author: z.string(),
  at: z.string(),
  restoredFrom: z.number().nullable(),
  isCurrent: z.boolean(),
});
export type TextVersion = z.infer<typeof versionSchema>;

const savedSchema = z.union([
  z.object({ kind: z.enum(['saved', 'same']), version: z.number() }),
  z.object({
    kind: z.literal('conflict'),
    version: z.number(),
    author: z.string(),
    at: z.string(),
  }),
  z.object({ kind: z.literal('other_purpose') }),
]);
export type Saved = z.infer<typeof savedSchema>;

const changedSchema = z.object({
  names: z.array(z.string()),
  changed: z.array(
    z.object({ name: z.string(), title: z.string(), version: z.number(), content: z.unknown() }),
  ),
});

/** A new version on top of the one that was read: `base`, 0 for a new text. */
export interface NewVersion {
  name: string;
  title: string;
  purpose: TextPurpose;
  content: OwnText;
  base: number;
  /** Who writes; the database puts the person's own address in its place where it knows that. */
  author: string;
  restoredFrom?: number;
}

/** Asks the database's function for texts, as somebody. Throws what its owner throws. */
export type TextDoor = (what: string, p: object) => Promise<unknown>;

/** With the service key. @throws as `Database`. */
export function serviceDoor(database: Pick<Database, 'call'>): TextDoor {
  return (what, p) => database.call('leadwire_texts', { p_what: what, p }, z.unknown());
}

export type TextStore = ReturnType<typeof createTextStore>;

/** All throw what the door throws. */
export function createTextStore(door: TextDoor) {
  return {
    /** The newest first, archived ones among them. */
    list: async (purpose?: TextPurpose): Promise<ListedText[]> =>
      z.array(listedSchema).parse(await door('list', purpose === undefined ? {} : { purpose })),
    /** That version, or the one that holds. */
    read: async (name: string, version?: number): Promise<StoredText | null> =>
      readSchema
        .nullable()
        .parse(await door('read', { name, ...(version !== undefined && { version }) })),
    /** The newest first. */
    versions: async (name: string): Promise<TextVersion[]> =>
      z.array(versionSchema).parse(await door('versions', { name })),
    save: async (text: NewVersion): Promise<Saved> => savedSchema.parse(await door('save', text)),
    archive: async (name: string, archived: boolean, author: string): Promise<boolean> => {
      const answer = await door('archive', { name, archived, author });
      return z.object({ kind: z.string() }).parse(answer).kind === 'done';
    },
    /** Those that hold now, and the content of those whose version is not the known one. */
    changed: async (known: Readonly<Record<string, number>>, purpose: TextPurpose = 'campaign') =>
      changedSchema.parse(await door('changed', { known, purpose })),
  };
}
