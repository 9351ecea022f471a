/** Markdown as writers of mails need it: bold, italics, links and lists. HTML that somebody pastes is text. */
import MarkdownIt from 'markdown-it';
import { braceInHtml, braceInText, mark } from './placeholders.ts';

const markdown = new MarkdownIt('zero', { html: false, linkify: true, breaks: true }).enable([
  ...['list', 'newline', 'escape', 'emphasis', 'link', 'linkify', 'entity'],
]);
markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false, fuzzyIP: false });

/** Text of a person, safe between tags and in attributes in double quotes. */
export const { escapeHtml } = markdown.utils;

type Token = ReturnType<typeof markdown.parse>[number];

const rules = markdown.renderer.rules;
rules['paragraph_open'] = (tokens, index) =>
  tokens[index]?.hidden ? '' : '<p style="margin: 0 0 14px">';
rules['link_open'] = (tokens, index) => {
  const href = hrefOf(tokens[index]);
  return `<a class="link" href="${escapeHtml(href)}">`;
};
for (const list of ['bullet_list', 'ordered_list']) {
  rules[`${list}_open`] = (tokens, index) =>
    `<${tokens[index]?.tag ?? 'ul'} style="margin: 0 0 14px; padding-left: 22px">`;
}

/** As HTML with Liquid in it, for between `<mj-text>` tags. */
export function markdownAsHtml(text: string): string {
  const marked = mark(text);
  return marked.restore(markdown.render(marked.text).trim(), braceInHtml);
}

/** The same as plain text with Liquid in it. */
export function markdownAsText(text: string): string {
  const marked = mark(text);
  const lines = plain(markdown.parse(marked.text, {}));
  return marked.restore(lines.replace(/\n{3,}/g, '\n\n').trim(), braceInText);
}

/** Where the links of a text lead, as they were typed. */
export function linksIn(text: string): string[] {
  const tokens = markdown.parse(text, {}).flatMap(({ children }) => children ?? []);
  return tokens.flatMap((token) => (token.type === 'link_open' ? hrefOf(token) : []));
}

function plain(tokens: readonly Token[]): string {
  let text = '';
  const counters: (number | null)[] = [];
  for (const token of tokens) {
    const { type, children, hidden } = token;
    if (type === 'inline') text += inline(children ?? []);
    else if (type === 'bullet_list_open') counters.push(null);
    else if (type === 'ordered_list_open') counters.push(1);
    else if (type.endsWith('_list_close')) text += counters.pop() === undefined ? '' : '\n';
    else if (type === 'list_item_open') text += pointOf(counters);
    else if (type === 'paragraph_close') text += hidden ? '\n' : '\n\n';
  }
  return text;
}

function pointOf(counters: (number | null)[]): string {
  const depth = '  '.repeat(Math.max(0, counters.length - 1));
  const count = counters.at(-1) ?? null;
  if (count === null) return `${depth}- `;
  counters[counters.length - 1] = count + 1;
  return `${depth}${count}. `;
}

function inline(tokens: readonly Token[]): string {
  let text = '';
  let link: { href: string; from: number } | undefined;
  for (const token of tokens) {
    if (token.type === 'softbreak' || token.type === 'hardbreak') text += '\n';
    else if (token.type === 'link_open') {
      link = { href: hrefOf(token), from: text.length };
    } else if (token.type === 'link_close' && link) {
      const { href, from } = link;
      if (text.slice(from) !== href) text += ` (${href.replace(/^mailto:/, '')})`;
      link = undefined;
    } else text += token.content;
  }
  return text;
}

function hrefOf(token: Token | undefined): string {
  return String(token?.attrGet('href') ?? '');
}
