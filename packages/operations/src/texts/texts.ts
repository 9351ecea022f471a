/** What people do to texts; each change is in the audit log, with the text's name and nothing of its words. */
import { campaignTemplateNames } from '@leadwire/templates/campaign-templates';
import { cleanContent } from '@leadwire/templates/own-texts/pasted';
import {
  ownTextSchema,
  textNameSchema,
  type OwnText,
} from '@leadwire/templates/own-texts/own-text';
import { checkOwnMessage } from '@leadwire/templates/own-texts/own-message';
import { templateNames, type TemplateName } from '@leadwire/templates/templates';
import type { ActingParts } from '../acting.ts';
import { audited } from '../audit/audited.ts';
import { TextError } from './text-error.ts';
import type { StoredText, TextPurpose, TextStore } from './text-store.ts';

const LONGEST_TITLE = 120;

export interface TextParts extends Pick<ActingParts, 'actor'> {
  bus: Pick<ActingParts['bus'], 'name' | 'publish'>;
  texts: TextStore;
}

/** What somebody wrote, not yet read. */
export interface GivenText {
  name: string;
  title: string;
  purpose: TextPurpose;
  content: unknown;
  /** The version that it was written on top of; 0 for a new text. */
  base: number;
}

/** The version that holds now, and whether anything was new in it. */
export interface SavedText {
  version: number;
  isNew: boolean;
}

/**
 * Saves a new version. What was pasted from Word is cleaned first.
 * @throws TextError `bad_text`, `conflict` with who and when, `not_allowed`; as the store
 */
export function saveText(parts: TextParts, given: GivenText): Promise<SavedText> {
  const { bus, actor } = parts;
  const details = { base: given.base };
  const what = { actor, action: 'text.saved', subject: given.name || '-', details };
  return audited(
    bus,
    what,
    () => store(parts, given),
    (saved) => ({ ...saved }),
  );
}

/**
 * Makes an earlier version the newest one; nothing is taken away.
 * @throws TextError `unknown`, `conflict`; as the store
 */
export function restoreText(
  parts: TextParts,
  { name, version, base }: { name: string; version: number; base: number },
): Promise<SavedText> {
  const { bus, actor, texts } = parts;
  const what = { actor, action: 'text.restored', subject: name, details: { from: version } };
  return audited(bus, what, async () => {
    const { title, purpose, content } = await textOf(texts, name, version);
    return store(parts, { name, title, purpose, content, base, restoredFrom: version });
  });
}

/**
 * Offers a text no more; of the product's own messages it is the way back to the built-in text. Its versions stay.
 * @throws TextError `unknown`; as the store
 */
export function archiveText(
  { bus, actor, texts }: TextParts,
  name: string,
  archived = true,
): Promise<void> {
  const action = archived ? 'text.archived' : 'text.unarchived';
  return audited(bus, { actor, action, subject: name }, async () => {
    if (!(await texts.archive(name, archived, actor))) throw unknown(name);
  });
}

/** That version, or the one that holds. @throws TextError `unknown`; as the store */
export async function textOf(
  texts: Pick<TextStore, 'read'>,
  name: string,
  version?: number,
): Promise<StoredText> {
  const found = await texts.read(name, version);
  if (found === null) throw unknown(name, version);
  return found;
}

/** A content as somebody wrote it, cleaned and read. @throws TextError `bad_text`, every problem in a line of its own */
export function readContent(content: unknown): OwnText {
  const read = ownTextSchema.safeParse(cleanContent(content));
  if (read.success) return read.data;
  const lines = read.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'text'}: ${message}`,
  );
  throw new TextError('bad_text', lines.join('\n'));
}

async function store(
  { texts, actor }: TextParts,
  { name, title, content, ...rest }: GivenText & { restoredFrom?: number },
): Promise<SavedText> {
  const isName = textNameSchema.safeParse(name);
  if (!isName.success)
    throw new TextError('bad_text', `name: ${isName.error.issues[0]?.message ?? ''}`);
  refuseTaken(name, rest.purpose);
  const shownTitle = title.trim().slice(0, LONGEST_TITLE) || name;
  const read = readContent(content);
  if (rest.purpose === 'transactional') await refuseUnfit(name as TemplateName, read);
  const saved = await texts.save({
    name,
    title: shownTitle,
    content: read,
    author: actor,
    ...rest,
  });
  switch (saved.kind) {
    case 'saved':
    case 'same':
      return { version: saved.version, isNew: saved.kind === 'saved' };
    case 'conflict': {
      const { version, author, at } = saved;
      throw new TextError(
        'conflict',
        version === 0
          ? `there is no text ${name} any more`
          : `${author} saved version ${version} meanwhile (${at})`,
      );
    }
    case 'other_purpose':
      throw new TextError('bad_text', `name: ${name} is taken by a text of another kind`);
  }
}

/** The product's own messages keep their names, and nothing else takes these. */
function refuseTaken(name: string, purpose: TextPurpose): void {
  const messages: readonly string[] = templateNames;
  const campaigns: readonly string[] = campaignTemplateNames;
  if (purpose === 'transactional' && !messages.includes(name)) {
    throw new TextError(
      'bad_text',
      `name: there is no such message; there are ${messages.join(', ')}`,
    );
  }
  if (purpose === 'campaign' && [...messages, ...campaigns].includes(name)) {
    throw new TextError('bad_text', `name: ${name} is a text of the product`);
  }
}

/** A message has no start at which somebody looks once more: what is saved is sent. */
async function refuseUnfit(name: TemplateName, content: OwnText): Promise<void> {
  const stops = (await checkOwnMessage(name, content)).filter(({ level }) => level === 'stop');
  if (stops.length > 0) throw new TextError('bad_text', stops.map(({ words }) => words).join('\n'));
}

function unknown(name: string, version?: number): TextError {
  const which = version === undefined ? name : `${name} of version ${version}`;
  return new TextError('unknown', `there is no text ${which}`);
}
