/** What becomes of a text on its way into a chat: its markup is read, it is cleaned, measured, and searched for links. */
import { refuse } from '../api/answers.ts';
import { parseHtml, type Entity, type FormattedText } from '../api/html-text.ts';
import { jsonOf, type Params } from '../api/params.ts';

/** Bytes of a raw text (Client.cpp). */
const MOST_RAW_BYTES = 32_768;
/** Characters after parsing (Bot API manual); counted in code points. */
const MOST_CHARACTERS = 4_096;

/** What Telegram finds by itself in a text without markup. */
const DETECTED: [type: string, pattern: RegExp][] = [
  ['url', /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)]/g],
  ['email', /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g],
  ['phone_number', /(?<!\w)\+\d{10,15}(?!\d)/g],
  ['bot_command', /(?<![\w/<>])\/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/<>])/g],
  ['mention', /(?<![\w@])@[A-Za-z]\w{3,31}/g],
  ['hashtag', /(?<![\w#])#[\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*/gu],
];
/** Nothing is looked for inside these. */
const CLOSED = ['code', 'pre', 'text_link'];

/** The text that a call wants to send. Throws what the real server answers, in its order. */
export function readText(params: Params): FormattedText {
  const raw = params.get('text') ?? '';
  if (raw === '') throw refuse(400, 'Message text is empty');
  if (Buffer.byteLength(raw) > MOST_RAW_BYTES) throw refuse(400, 'Text is too long');
  const parsed = cleaned(parse(raw, params));
  if (parsed.text === '') throw refuse(400, 'Text must be non-empty');
  if ([...parsed.text].length > MOST_CHARACTERS) throw refuse(400, 'Message is too long');
  return { text: parsed.text, entities: withDetected(parsed) };
}

/** A text that a person typed: no markup, commands and links are found. */
export function typedText(raw: string): FormattedText {
  const { text } = cleaned({ text: raw, entities: [] });
  return { text, entities: withDetected({ text, entities: [] }) };
}

function parse(raw: string, params: Params): FormattedText {
  const mode = (params.get('parse_mode') ?? '').toLowerCase();
  if (mode === 'html') return parseHtml(raw);
  // Markdown is accepted and shown as it is written: nothing here sends it.
  if (!['', 'none', 'markdown', 'markdownv2'].includes(mode)) {
    throw refuse(400, 'Unsupported parse_mode');
  }
  const given = jsonOf(params, 'entities');
  const entities = mode === '' && Array.isArray(given) ? given.filter(isEntity) : [];
  return { text: raw, entities };
}

function isEntity(value: unknown): value is Entity {
  const { type, offset, length } = (value ?? {}) as Partial<Entity>;
  return typeof type === 'string' && Number.isInteger(offset) && Number.isInteger(length);
}

/**
 * Control characters become spaces, carriage returns and the marks U+2028 to U+202E go, space around the text goes
 * (tdlib, misc.cpp and MessageEntity.cpp).
 */
function cleaned({ text, entities }: FormattedText): FormattedText {
  const kept: number[] = [0];
  let clean = '';
  for (let index = 0; index < text.length; index++) {
    const unit = text[index] ?? '';
    if (unit !== '\r' && !/[\u2028-\u202e]/.test(unit)) clean += isControl(unit) ? ' ' : unit;
    kept.push(clean.length);
  }
  const trimmed = clean.trim();
  const cut = clean.length - clean.trimStart().length;
  const place = (offset: number): number =>
    Math.min(Math.max((kept[offset] ?? clean.length) - cut, 0), trimmed.length);
  return {
    text: trimmed,
    entities: entities.flatMap((entity) => {
      const offset = place(entity.offset);
      const length = place(entity.offset + entity.length) - offset;
      return length > 0 ? [{ ...entity, offset, length }] : [];
    }),
  };
}

function isControl(unit: string): boolean {
  return unit < ' ' && unit !== '\n';
}

function withDetected({ text, entities }: FormattedText): Entity[] {
  const all = [...entities];
  for (const [type, pattern] of DETECTED) {
    for (const { index, 0: found } of text.matchAll(pattern)) {
      const isTaken = all.some(
        (other) =>
          (CLOSED.includes(other.type) || DETECTED.some(([known]) => known === other.type)) &&
          other.offset < index + found.length &&
          index < other.offset + other.length,
      );
      if (!isTaken) all.push({ type, offset: index, length: found.length });
    }
  }
  return all.toSorted((one, other) => one.offset - other.offset || other.length - one.length);
}
