/** HTML with automatic escaping: whatever is put into an `html` template is text, unless it is HTML made the same way. */

/** Markup that may be sent as it is. Only `html` makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | null | undefined | false | readonly Content[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Null, undefined and false are nothing; lists are their parts. Values of attributes stand in quotes, always. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const filled = strings.map((part, index) => part + textOf(values[index]));
  return new Html(filled.join(''));
}

function textOf(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map((each: Content) => textOf(each)).join('');
  const text = typeof value === 'number' ? String(value) : (value as string);
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
