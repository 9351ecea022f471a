/**
 * The Bot API's HTML, parsed as strictly as the real server does (tdlib, MessageEntity.cpp): the same tags, the same
 * complaints, with offsets in bytes of the UTF-8 source. Offsets of entities are UTF-16 units, which is what a
 * JavaScript string counts in.
 */
import { decodeReference } from './html-reference.ts';
import { refuse, type TelegramError } from './answers.ts';

export type Entity = {
  type: string;
  offset: number;
  length: number;
  url?: string;
  language?: string;
};
export type FormattedText = { text: string; entities: Entity[] };

/** Tag -> the type of entity it makes. */
const TAGS: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  a: 'text_link',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  'tg-emoji': 'custom_emoji',
  'tg-time': 'date_time',
};
/** Links that Telegram makes of `href`; a text under any other one (tel:, mailto:) stays a plain text. */
const LINK = /^(?:(?:https?|tg|ton|tonsite):\/\/\S+|[\w-]+(?:\.[\w-]+)+(?:[/?#]\S*)?)$/i;

type OpenTag = { name: string; attributes: Map<string, string>; start: number };

/** Reads `source`. Throws the TelegramError that the real server would answer with. */
export function parseHtml(source: string): FormattedText {
  return new HtmlReader(source).read();
}

class HtmlReader {
  readonly #source: string;
  #at = 0;
  #text = '';
  readonly #open: OpenTag[] = [];
  readonly #entities: Entity[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  read(): FormattedText {
    while (this.#at < this.#source.length) {
      if (this.#source[this.#at] !== '<') this.#text += this.#character();
      else if (this.#source[this.#at + 1] === '/') this.#readEndTag();
      else this.#readStartTag();
    }
    const unclosed = this.#open.at(-1);
    if (unclosed !== undefined) {
      throw parseError(`Can't find end tag corresponding to start tag ${unclosed.name}`);
    }
    const entities = this.#entities.toSorted(
      (one, other) => one.offset - other.offset || other.length - one.length,
    );
    return { text: this.#text, entities };
  }

  /** One character, or what a reference such as &amp; stands for; an unknown reference is taken as it is written. */
  #character(): string {
    const decoded = decodeReference(this.#source, this.#at);
    if (decoded !== null) {
      this.#at = decoded.end;
      return decoded.text;
    }
    return this.#source[this.#at++] ?? '';
  }

  #take(pattern: RegExp): string {
    const sticky = new RegExp(pattern.source, 'y');
    sticky.lastIndex = this.#at;
    const [found = ''] = sticky.exec(this.#source) ?? [];
    this.#at += found.length;
    return found;
  }

  #isAtEnd(): boolean {
    return this.#at >= this.#source.length;
  }

  #offset(position: number): string {
    return `at byte offset ${Buffer.byteLength(this.#source.slice(0, position))}`;
  }

  #readStartTag(): void {
    const begin = this.#at++;
    const name = this.#take(/[^\s>]*/).toLowerCase();
    if (this.#isAtEnd()) throw parseError(`Unclosed start tag ${this.#offset(begin)}`);
    if (!Object.hasOwn(TAGS, name)) {
      throw parseError(`Unsupported start tag "${name}" ${this.#offset(begin)}`);
    }
    const attributes = new Map<string, string>();
    for (this.#take(/\s*/); this.#source[this.#at] !== '>'; this.#take(/\s*/)) {
      this.#readAttribute(name, begin, attributes);
    }
    this.#at++;
    if (name === 'span' && attributes.get('class') !== 'tg-spoiler') {
      throw parseError(`Tag "span" must have class "tg-spoiler" ${this.#offset(begin)}`);
    }
    this.#open.push({ name, attributes, start: this.#text.length });
  }

  #readAttribute(tag: string, begin: number, attributes: Map<string, string>): void {
    const where = `the tag "${tag}" ${this.#offset(begin)}`;
    if (this.#isAtEnd()) throw parseError(`Unclosed start tag ${this.#offset(begin)}`);
    const name = this.#take(/[^\s=>]*/);
    if (name === '') throw parseError(`Empty attribute name in ${where}`);
    this.#take(/\s*/);
    if (this.#source[this.#at] !== '=') {
      if (tag === 'blockquote' && name === 'expandable') return void attributes.set(name, '');
      throw parseError(`Expected equal sign in declaration of an attribute of ${where}`);
    }
    this.#at++;
    this.#take(/\s*/);
    if (this.#isAtEnd()) throw parseError(`Unclosed start tag "${tag}" ${this.#offset(begin)}`);
    attributes.set(name, this.#readValue());
    if (this.#isAtEnd()) throw parseError(`Unclosed start tag ${this.#offset(begin)}`);
  }

  #readValue(): string {
    const quote = this.#source[this.#at];
    if (quote !== '"' && quote !== "'") {
      const begin = this.#at;
      const token = this.#take(/[A-Za-z0-9.-]*/).toLowerCase();
      if (/^[^\s>]$/.test(this.#source[this.#at] ?? '')) {
        throw parseError(`Unexpected end of name token ${this.#offset(begin)}`);
      }
      return token;
    }
    this.#at++;
    let value = '';
    while (!this.#isAtEnd() && this.#source[this.#at] !== quote) value += this.#character();
    this.#at++;
    return value;
  }

  #readEndTag(): void {
    const begin = this.#at;
    const tag = this.#open.pop();
    if (tag === undefined) throw parseError(`Unexpected end tag ${this.#offset(begin)}`);
    this.#at += 2;
    const name = this.#take(/[^\s>]*/).toLowerCase();
    this.#take(/\s*/);
    if (this.#isAtEnd() || this.#source[this.#at] !== '>') {
      throw parseError(`Unclosed end tag ${this.#offset(begin)}`);
    }
    this.#at++;
    if (name !== '' && name !== tag.name) {
      const named = `expected "</${tag.name}>", found "</${name}>"`;
      throw parseError(`Unmatched end tag ${this.#offset(begin)}, ${named}`);
    }
    this.#close(tag);
  }

  #close({ name, attributes, start }: OpenTag): void {
    const length = this.#text.length - start;
    const type = TAGS[name] ?? '';
    // An empty tag makes nothing; emoji and times show the text inside them here.
    if (length === 0 || type === 'custom_emoji' || type === 'date_time') return;
    if (type === 'text_link') return this.#closeLink(attributes.get('href') ?? '', start, length);
    const language = /^language-(.*)$/s.exec(attributes.get('class') ?? '')?.[1];
    const inner = this.#entities.at(-1);
    if (type === 'pre' && inner?.language && inner.offset === start && inner.length === length) {
      inner.type = 'pre';
      return;
    }
    const named =
      name === 'blockquote' && attributes.has('expandable') ? `expandable_${type}` : type;
    const more = type === 'code' && language ? { language } : {};
    this.#entities.push({ type: named, offset: start, length, ...more });
  }

  #closeLink(href: string, offset: number, length: number): void {
    const url = href === '' ? this.#text.slice(offset) : href;
    if (LINK.test(url)) this.#entities.push({ type: 'text_link', offset, length, url });
  }
}

function parseError(reason: string): TelegramError {
  return refuse(400, `Can't parse entities: ${reason}`);
}
