/**
 * The mails of a campaign as JSON. Most of such a mail is the same for everybody, so it is rendered and made bytes once, with
 * marks where a person's own words stand; for each person only the marks are filled in.
 */
import { randomBytes } from 'node:crypto';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import { createLiquid, isSelfContained, parseLiquid } from './liquid-text.ts';
import { renderMailLines } from './render.ts';
import type { FilledText } from './liquid-text.ts';
import type { MailTexts, RenderedMail, View } from './render.ts';

/** Strings of a person that are in the request beside the mail: their address, their id. */
export type OwnStrings = Readonly<Record<string, string>>;

/**
 * The object that one mail is in the request. It is given marks in place of a person's own words, so it only puts
 * strings where they belong, and looks at none.
 */
export type WrapMail<Own extends OwnStrings> = (mail: RenderedMail, own: Own) => object;

/** Bytes that are the same for many people, or the name of what is put in for each. */
type Piece = Buffer | { value: string; kind: 'own' | 'text' | 'html' };

/** People whose lists of values that cannot be marked differ: after so many, the oldest is made anew. */
const KEPT_MOULDS = 50;
/** Nothing that anybody writes: private characters around what each process draws for itself. */
const NONCE = randomBytes(8).toString('hex');
const MARK = new RegExp(`\\uE000${NONCE}:(own|text|html):([^\\uE001]*)\\uE001`);
const markOf = (kind: 'own' | 'text' | 'html', name: string) =>
  `\uE000${NONCE}:${kind}:${name}\uE001`;

/** One person's mail: what is open in the texts, which of that can be marked, and the values. */
interface Filling<Own> {
  texts: MailTexts<FilledText>;
  open: readonly string[];
  markable: readonly string[];
  view: View;
  own: Own;
}

/** Makes the bytes of `JSON.stringify(wrap(mail, own))` for one person after the other, in pieces. Throws as `render`. */
export function createMailMould<Own extends OwnStrings>(
  wrap: WrapMail<Own>,
): (filling: Filling<Own>) => Buffer[] {
  const moulds = new Map<string, readonly Piece[]>();
  return ({ texts, open, markable, view, own }) => {
    const isMarked = (name: string) => markable.includes(name) && isFilled(view[name]);
    // What may change the text itself: which values are there, and those that are looked at.
    const key = JSON.stringify(open.map((name) => [name, isMarked(name) || [view[name]]]));
    let pieces = moulds.get(key);
    if (pieces === undefined) {
      pieces = cast(wrap, texts, { view, marked: open.filter(isMarked), own: Object.keys(own) });
      moulds.set(key, pieces);
      dropOldest(moulds, KEPT_MOULDS);
    }
    return pieces.map((piece) => {
      if (!('kind' in piece)) return piece;
      const { kind, value } = piece;
      if (kind === 'own') return inJson(own[value] ?? '');
      const text = String(view[value]);
      return inJson(kind === 'html' ? escaped(text) : text);
    });
  };
}

/**
 * Of `open` those that a mail only shows, or asks whether they are there: a mail with a mark in their place is the mail of
 * everybody who has such a value.
 */
export function markableIn(
  { subject, html, text, layoutText }: MailTexts<{ source: string }>,
  open: readonly string[],
): string[] {
  const sources = [html, text, layoutText].map(({ source }) => source);
  const isReadable = sources.every(
    (source) => isSelfContained(source) && tagsIn(source).every(isClosed),
  );
  if (!isReadable || !isOnlyShown(layoutText.source, 'mail')) return [];
  return open.filter(
    (name) =>
      WORD.test(name) &&
      // A subject is cut to a length.
      tagsNaming(subject.source, name).length === 0 &&
      sources.every((source) => isOnlyShown(source, name)),
  );
}

function cast<Own extends OwnStrings>(
  wrap: WrapMail<Own>,
  texts: MailTexts<FilledText>,
  { view, marked, own }: { view: View; marked: readonly string[]; own: readonly string[] },
): Piece[] {
  const marks = (kind: 'own' | 'text' | 'html', names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, markOf(kind, name)]));
  const { subject, text } = renderMailLines(texts, { ...view, ...marks('text', marked) });
  const html = texts.html.render({ ...view, ...marks('html', marked), subject }).trim();
  const object = wrap({ subject, html: `${html}\n`, text }, marks('own', own) as Own);
  // Between two marks stands what is the same; the two groups of the expression say what each mark is.
  const [first = '', ...rest] = JSON.stringify(object).split(MARK);
  const pieces: Piece[] = [Buffer.from(first)];
  for (let index = 0; index < rest.length; index += 3) {
    const [kind, value = '', after = ''] = rest.slice(index, index + 3);
    pieces.push({ kind: kind as 'own' | 'text' | 'html', value }, Buffer.from(after));
  }
  return pieces;
}

/** A mark stands for it exactly. Values are one line, without blanks at their ends, so nothing around them is trimmed. */
const isFilled = (value: unknown) => typeof value === 'string' && value !== '';

const WORD = /^[\p{L}\p{N}_-]+$/u;

/** What stands between the braces. */
function tagsIn(source: string): string[] {
  const tags = [...source.matchAll(/\{\{-?(.*?)-?\}\}|\{%-?(.*?)-?%\}/gs)];
  return tags.map(([, output, tag]) => (output ?? tag ?? '').trim());
}

/** Braces between quotes end no tag, and `tagsIn` takes them for its end. */
const isClosed = (tag: string) => (tag.match(/["']/g)?.length ?? 0) % 2 === 0;

const tagsNaming = (source: string, name: string) =>
  tagsIn(source).filter((tag) => tag.split(/[^\p{L}\p{N}_-]+/u).includes(name));

function isOnlyShown(source: string, name: string): boolean {
  return tagsNaming(source, name).every((tag) =>
    [name, `if ${name}`, `elsif ${name}`, `unless ${name}`].includes(
      tag.replace(/\s*\|\s*default:\s*"[^"]*"$/, '').replace(/\s+/g, ' '),
    ),
  );
}

const htmlValue = parseLiquid(createLiquid('html'), 'value', '{{ value }}');
/** As Liquid writes a value into HTML; most have nothing to escape. */
function escaped(value: string): string {
  return /[&<>"']/.test(value) ? htmlValue.render({ value }) : value;
}

/** As it stands between the quotes. */
function inJson(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}
