/**
 * The HTML of many people's mails as it stands in a JSON string. Most of it is the same for everybody: escaping it and
 * making it bytes is done once for a campaign, and not for each of 100,000 mails.
 */
import type { FilledText } from './liquid-text.ts';
import type { View } from './render.ts';

/**
 * The bytes of `JSON.stringify(text.render(view).trim() + '\\n')` without its quotes, in pieces. Throws as `render`.
 */
export function jsonPartsOf({ parts }: Pick<FilledText, 'parts'>): (view: View) => Buffer[] {
  const [first, last] = [parts[0], parts.at(-1)];
  // Where a person's own part stands at an end, what is to be trimmed is known with the person alone.
  if (typeof first !== 'string' || typeof last !== 'string' || !first.trim() || !last.trim()) {
    const whole = (view: View) =>
      parts.map((part) => (typeof part === 'string' ? part : part.render(view))).join('');
    return (view) => [inJson(`${whole(view).trim()}\n`)];
  }
  const made = parts.map((part, index) => {
    if (typeof part !== 'string') return part;
    const begun = index === 0 ? part.trimStart() : part;
    return inJson(index === parts.length - 1 ? `${begun.trimEnd()}\n` : begun);
  });
  return (view) => made.map((part) => ('render' in part ? inJson(part.render(view)) : part));
}

/** As it stands between the quotes. */
function inJson(text: string): Buffer {
  return Buffer.from(JSON.stringify(text).slice(1, -1));
}
