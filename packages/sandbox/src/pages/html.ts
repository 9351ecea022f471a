/** HTML that was escaped already. Only `html` makes one. */
export type Html = { readonly markup: string };

type Piece = Html | string | number | null | undefined | false | Piece[];

/** Text made harmless for element content and for attributes in double quotes. */
export function escapeHtml(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** A template whose values are escaped unless they are Html themselves; null, undefined and false show nothing. */
export function html(parts: TemplateStringsArray, ...values: Piece[]): Html {
  return { markup: parts.reduce((all, part, index) => all + show(values[index - 1]) + part) };
}

function show(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return '';
  if (Array.isArray(piece)) return piece.map(show).join('');
  return typeof piece === 'object' ? piece.markup : escapeHtml(String(piece));
}

/** A time of day with its date for a person in Kazakhstan: `20.11, 15:04:05`. */
export function showTime(at: number): string {
  return new Intl.DateTimeFormat('ru-RU', {
    timeZone: 'Asia/Almaty',
    day: '2-digit',
    month: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).format(at);
}
