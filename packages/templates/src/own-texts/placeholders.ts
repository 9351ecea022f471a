/**
 * `{{ name }}` and `{{ city | default: "ваш город" }}`: all of Liquid that a text of one's own may use. Whatever else
 * has braces is shown as it was typed, so that no text can fail when it is sent.
 */

/** A place in a text where a value is put in. */
export interface Placeholder {
  name: string;
  /** What stands there for somebody without a value. */
  fallback: string | undefined;
}

const PLACEHOLDER =
  /(,[ \u00a0]*|[ \u00a0]+)?\{\{\s*(\p{L}[\p{L}\p{N}_]*)\s*(?:\|\s*default:\s*["“«]([^"“”«»{}<>\n]{1,80})["”»]\s*)?\}\}/gu;
const BRACES = /\{\{[^{}\n]{0,80}\}\}|\{%[^\n]{0,80}?%\}/g;

/** Names that the product gives; everything else is a column of the list or a variable of the campaign. */
export const givenNames = ['name', 'brand', 'supportEmail'] as const;
/** Of the frame, not for writers. */
const reservedNames = ['unsubscribeUrl', 'isAccountMail', 'countdown', 'subject', 'mail'];

/** Whether values of this name are addresses: these may stand in links and nothing else may. */
export function isLinkName(name: string): boolean {
  return /^(?:link|shortLink|[A-Za-z]\w*(?:Link|Url))$/.test(name);
}

/** All places of a text, in order. */
export function placeholdersIn(text: string): Placeholder[] {
  return [...text.matchAll(PLACEHOLDER)].map(([, , name = '', fallback]) => ({ name, fallback }));
}

/** What has braces and is no placeholder, or names what is not for writers. */
export function wrongBracesIn(text: string): string[] {
  const wrong = (text.replace(PLACEHOLDER, '').match(BRACES) ?? []).map((each) => each.trim());
  const reserved = placeholdersIn(text).filter(({ name }) => reservedNames.includes(name));
  return [...wrong, ...reserved.map(({ name }) => `{{ ${name} }}`)];
}

/** Signs that neither Markdown nor HTML reads as anything, for the time that these work on the text. */
const MARK = (index: number) => `LWMARK${index}X`;
/** With what leads to it, and with the emphasis that it alone stands in. */
const MARKS = /(,[ \u00a0]*|[ \u00a0]+)?(?:<(strong|em)>LWMARK(\d+)X<\/\2>|LWMARK(\d+)X)/g;

/** A text whose placeholders are signs, and the Liquid that each stands for. */
export interface Marked {
  text: string;
  /** Puts the Liquid back, and takes their meaning from all other braces by `escapeBrace`. */
  restore(finished: string, escapeBrace: (brace: '{' | '}') => string): string;
}

/** Hides placeholders from what works on a text. */
export function mark(text: string): Marked {
  const places: Placeholder[] = [];
  const marked = text.replace(
    PLACEHOLDER,
    (_whole, before: string | undefined, name: string, fallback: string | undefined) => {
      places.push({ name, fallback });
      return (before ?? '') + MARK(places.length - 1);
    },
  );
  return {
    text: marked,
    restore: (finished, escapeBrace) =>
      finished
        .replace(/[{}]/g, (brace) => escapeBrace(brace as '{' | '}'))
        .replace(MARKS, (...found: (string | undefined)[]) => {
          const [whole = '', before, , emphasised, bare] = found;
          const index = emphasised ?? bare ?? '';
          const place = places[Number(index)];
          if (!place) return whole;
          const own = whole.replace(MARK(Number(index)), () => liquidOf(place));
          // «Здравствуйте, {{ name }}!» is «Здравствуйте!» for somebody without a name.
          const isNameless = place.name === 'name' && place.fallback === undefined;
          return isNameless && before ? `{% if name %}${own}{% endif %}` : own;
        }),
  };
}

function liquidOf({ name, fallback }: Placeholder): string {
  if (reservedNames.includes(name)) return '';
  return fallback === undefined ? `{{ ${name} }}` : `{{ ${name} | default: "${fallback}" }}`;
}

/** For HTML, where an entity is the same letter. */
export const braceInHtml = (brace: '{' | '}') => (brace === '{' ? '&#123;' : '&#125;');
/** For plain text, where Liquid itself has to write it. */
export const braceInText = (brace: '{' | '}') => `{{ "${brace}" }}`;

/** A line of plain text as Liquid. */
export function lineAsLiquid(text: string): string {
  const marked = mark(text);
  return marked.restore(marked.text, braceInText);
}
