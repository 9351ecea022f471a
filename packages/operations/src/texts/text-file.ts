/**
 * A text as a file that somebody writes in an editor: a head of `key: value` lines between two lines of `---`, then
 * Markdown. JSON of the content is read as well.
 *
 *     ---
 *     title: День открытых дверей
 *     subject: Ждём в субботу
 *     preheader: В полдень, вход свободный
 *     sms: Ждём в субботу: {{ link }}
 *     ---
 *     # Здравствуйте, {{ name }}!
 *
 *     Ждём **вас** в [школе](https://…).
 *
 *     - экскурсия
 *     - чай
 *
 *     ![Зал](https://…/hall.jpg)
 *
 *     [Приду](https://…){button}
 *
 *     ---
 *     > мелкими буквами внизу
 */
import { isRaw, type Block, type OwnText } from '@leadwire/templates/own-texts/own-text';
import { TextError } from './text-error.ts';

/** What a file says; `content` is not checked yet. */
export interface TextFile {
  title: string;
  content: unknown;
}

const KEYS = ['title', 'subject', 'preheader', 'sms'];
const PICTURE = /^!\[([^\]]*)\]\(([^\s)]*|\{\{[^}]*\}\})\)$/;
const LINKED_PICTURE = /^\[!\[([^\]]*)\]\(([^\s)]*)\)\]\(([^)]*)\)$/;
const BUTTON = /^\[([^\]]+)\]\(([^)]*)\)\{button\}$/;

/** @throws TextError `bad_text` for a head that cannot be read or JSON that is none */
export function readTextFile(source: string): TextFile {
  const text = source.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  if (text.trimStart().startsWith('{')) return readJson(text);
  const [, head = '', body = ''] = /^\s*---\n([\s\S]*?)\n---(?:\n([\s\S]*))?$/.exec(text) ?? [];
  if (head === '') throw bad('the file begins with a head between two lines of ---');
  const fields = readHead(head);
  const { title = '', subject = '', preheader = '', sms } = fields;
  const blocks = blocksOf(body);
  const hasMail = subject !== '' || blocks.length > 0;
  return {
    title,
    content: { mail: hasMail ? { subject, preheader, blocks } : null, sms: sms ?? null },
  };
}

/** The same file again. MJML has no Markdown: it is JSON. */
export function writeTextFile(title: string, content: OwnText): string {
  const { mail, sms } = content;
  if (mail !== null && isRaw(mail)) return `${JSON.stringify({ title, ...content }, null, 2)}\n`;
  const head = { title, subject: mail?.subject, preheader: mail?.preheader, sms: sms ?? undefined };
  const lines = Object.entries(head).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}: ${value.replace(/\s+/g, ' ')}`],
  );
  const blocks = (mail?.blocks ?? []).map(blockAsMarkdown);
  return `${['---', ...lines, '---', '', blocks.join('\n\n')].join('\n').trim()}\n`;
}

function readJson(text: string): TextFile {
  try {
    const { title, ...content } = JSON.parse(text) as { title?: unknown };
    return { title: typeof title === 'string' ? title : '', content };
  } catch (cause) {
    throw bad('the file begins like JSON and is none', cause);
  }
}

function readHead(head: string): Record<string, string> {
  const entries = head
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, key = '', value = ''] = /^(\w+):\s*(.*)$/.exec(line.trim()) ?? [];
      if (!KEYS.includes(key))
        throw bad(`the head has ${KEYS.join(', ')}, each with a colon; not: ${line.slice(0, 60)}`);
      return [key, value.trim()] as const;
    });
  return Object.fromEntries(entries);
}

function blocksOf(body: string): Block[] {
  const blocks: Block[] = [];
  for (const part of body.split(/\n\s*\n/).map((each) => each.trim())) {
    if (part === '') continue;
    const block = blockOf(part);
    const last = blocks.at(-1);
    // Paragraphs that follow each other are one block, as somebody would write them in the console.
    if (block.type === 'text' && last?.type === 'text') last.text += `\n\n${block.text}`;
    else blocks.push(block);
  }
  return blocks;
}

function blockOf(part: string): Block {
  const [, signs, heading] = /^(##?) (.+)$/.exec(part) ?? [];
  if (heading !== undefined)
    return { type: 'heading', text: heading, level: signs === '#' ? 1 : 2 };
  const picture = PICTURE.exec(part);
  if (picture) return { type: 'picture', alt: picture[1] ?? '', url: picture[2] ?? '', link: '' };
  const linked = LINKED_PICTURE.exec(part);
  if (linked) {
    return { type: 'picture', alt: linked[1] ?? '', url: linked[2] ?? '', link: linked[3] ?? '' };
  }
  const button = BUTTON.exec(part);
  if (button) return { type: 'button', text: button[1] ?? '', url: button[2] ?? '' };
  if (/^(?:-{3,}|\* \* \*)$/.test(part)) return { type: 'divider' };
  const lines = part.split('\n');
  if (lines.every((line) => line.startsWith('- '))) {
    return { type: 'list', items: lines.map((line) => line.slice(2).trim()) };
  }
  if (lines.every((line) => line.startsWith('>'))) {
    return { type: 'note', text: lines.map((line) => line.replace(/^> ?/, '')).join('\n') };
  }
  return { type: 'text', text: part };
}

function blockAsMarkdown(block: Block): string {
  switch (block.type) {
    case 'heading':
      return `${block.level === 1 ? '#' : '##'} ${block.text}`;
    case 'text':
      return block.text;
    case 'button':
      return `[${block.text}](${block.url}){button}`;
    case 'picture': {
      const picture = `![${block.alt}](${block.url})`;
      return block.link === '' ? picture : `[${picture}](${block.link})`;
    }
    case 'list':
      return block.items.map((item) => `- ${item}`).join('\n');
    case 'note':
      return block.text.replace(/^/gm, '> ');
    case 'divider':
      return '---';
  }
}

function bad(message: string, cause?: unknown): TextError {
  return new TextError('bad_text', message, { cause });
}
