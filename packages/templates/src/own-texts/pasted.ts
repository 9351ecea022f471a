/**
 * What comes along when somebody pastes from Word, Google Docs or a web page: tags, styles, invisible characters.
 * The words stay, with bold, links and points as Markdown.
 */
const IS_HTML =
  /<\/?(?:p|div|span|br|b|strong|i|em|a|ul|ol|li|table|td|o:p|style|font|h[1-6])\b[^>]*>/i;
// What Word hides between tags: its styles, comments for other programs, and what they enclose.
const HIDDEN = /<(style|script|xml|title|head)\b[\s\S]*?<\/\1>|<!--[\s\S]*?-->|<!\[[\s\S]*?\]>/gi;
const ENTITIES: Readonly<Record<string, string>> = {
  nbsp: '\u00a0',
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  laquo: '«',
  raquo: '»',
  mdash: '—',
  ndash: '–',
};
// The joiners between (U+200C, U+200D) stay: with them two emoji are one, and some scripts need them.
const INVISIBLE = /[\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\ufeff]/g;

/** Whether a text holds what nobody types. */
export function isPasted(text: string): boolean {
  return IS_HTML.test(text) || /mso-|<!--\[if|class="?Mso/i.test(text);
}

/** The text as somebody would have typed it. What is no HTML loses invisible characters only. */
export function cleanPasted(text: string): string {
  const clean = (isPasted(text) ? withoutTags(text) : text).replace(INVISIBLE, '');
  return clean.replace(/\r\n?/g, '\n');
}

function withoutTags(html: string): string {
  return html
    .replace(HIDDEN, '')
    .replace(/\s+/g, ' ')
    .replace(
      /<a\b[^>]*?href\s*=\s*["']?([^"'\s>]+)[^>]*>(.*?)<\/a>/gi,
      (_all, href: string, words: string) =>
        /^(?:https?:|mailto:|tel:)/i.test(href)
          ? `[${words.replace(/<[^>]+>/g, '').trim()}](${href})`
          : words,
    )
    .replace(/<(?:b|strong)\b[^>]*>(\s*)(.*?)(\s*)<\/(?:b|strong)>/gi, '$1**$2**$3')
    .replace(/<li\b[^>]*>/gi, '\n- ')
    .replace(/<br\b[^>]*>/gi, '\n')
    .replace(/<\/(?:p|div|h[1-6]|tr|ul|ol)>/gi, '\n\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(?:#(\d{1,6})|([a-z]+));/gi, (whole, code: string | undefined, name = '') =>
      code === undefined
        ? (ENTITIES[(name as string).toLowerCase()] ?? whole)
        : letter(Number(code)),
    )
    .replace(/\*\*\s*\*\*/g, '')
    .replace(/[ \t]*\n[ \t]*/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function letter(code: number): string {
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000)
    ? String.fromCodePoint(code)
    : '';
}

/** Every string of a content, cleaned; MJML is left as an owner wrote it. */
export function cleanContent<T>(content: T): T {
  if (typeof content === 'string') return cleanPasted(content) as T;
  if (Array.isArray(content)) return content.map((each: unknown) => cleanContent(each)) as T;
  if (typeof content !== 'object' || content === null) return content;
  const isMjml = 'mjml' in content;
  const parts = Object.entries(content).map(([key, value]: [string, unknown]) => [
    key,
    isMjml && (key === 'mjml' || key === 'text') ? value : cleanContent(value),
  ]);
  return Object.fromEntries(parts) as T;
}
