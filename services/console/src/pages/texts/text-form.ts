/** The fields of the editor and what they say: a text travels through the form, so that nothing depends on scripts. */
import {
  isRaw,
  type Block,
  type BlockType,
  type OwnText,
} from '@leadwire/templates/own-texts/own-text';

/** A text while somebody writes it; `base` is the version that they began with. */
export interface Writing {
  name: string;
  title: string;
  base: number;
  content: OwnText;
}

/** What kinds of blocks there are, in the order in which they are offered. */
export const blockWords: Readonly<Record<BlockType, string>> = {
  heading: 'Заголовок',
  text: 'Текст',
  button: 'Кнопка',
  picture: 'Картинка',
  list: 'Список',
  note: 'Мелкий текст',
  divider: 'Линия',
};
export const blockTypes = Object.keys(blockWords) as BlockType[];

const EMPTY: Readonly<Record<BlockType, Block>> = {
  heading: { type: 'heading', text: '', level: 1 },
  text: { type: 'text', text: '' },
  button: { type: 'button', text: '', url: '' },
  picture: { type: 'picture', url: '', alt: '', link: '' },
  list: { type: 'list', items: [] },
  note: { type: 'note', text: '' },
  divider: { type: 'divider' },
};

const GREETING = 'Здравствуйте, {{ name }}!';

/** What a new text begins with. */
export const newMail = () => ({
  subject: '',
  preheader: '',
  blocks: [
    { type: 'heading', text: '', level: 1 },
    { type: 'text', text: `${GREETING}\n\n` },
    { type: 'button', text: '', url: '' },
  ] as Block[],
});
export const newContent = (): OwnText => ({ mail: newMail(), sms: null });

/** An SMS that was written beside a mail of which nobody wrote a word is an SMS alone. */
export function asSaved(writing: Writing): Writing {
  const { mail, sms } = writing.content;
  if (sms === null || mail === null || isRaw(mail)) return writing;
  const isBlank =
    `${mail.subject}${mail.preheader}`.trim() === '' && mail.blocks.every(isBlankBlock);
  return isBlank ? { ...writing, content: { mail: null, sms } } : writing;
}

const isBlankBlock = ({ type: _type, ...fields }: Block): boolean =>
  Object.values(fields)
    .flat()
    .every((each) => typeof each !== 'string' || ['', GREETING].includes(each.trim()));

/** The form as it was sent: not checked yet, and nothing of it left out. */
export function readWriting(form: URLSearchParams, name: string): Writing {
  const field = (key: string) => form.get(key) ?? '';
  const head = { subject: field('subject'), preheader: field('preheader') };
  const blocks = blocksOf(form);
  const mail = form.has('mjml')
    ? { ...head, mjml: field('mjml'), text: field('plain') }
    : { ...head, blocks };
  const isMail = form.has('mjml') || blocks.length > 0 || head.subject.trim() !== '';
  const sms = field('sms').replace(/\s+/g, ' ').trim();
  return {
    name,
    title: field('title').trim(),
    base: Number(field('base')) || 0,
    content: { mail: isMail ? mail : null, sms: sms === '' ? null : sms },
  };
}

function blocksOf(form: URLSearchParams): Block[] {
  return form.getAll('block').flatMap((at) => {
    const type = blockTypes.find((each) => each === form.get(`${at}.type`));
    const field = (key: string) => form.get(`${at}.${key}`) ?? '';
    return type === undefined ? [] : [blockOf(type, field)];
  });
}

function blockOf(type: BlockType, field: (key: string) => string): Block {
  const text = field('text').replace(/\r\n?/g, '\n');
  const url = field('url').trim();
  switch (type) {
    case 'heading':
      return { type, text, level: field('level') === '2' ? 2 : 1 };
    case 'text':
    case 'note':
      return { type, text };
    case 'button':
      return { type, text, url };
    case 'picture':
      return { type, url, alt: field('alt'), link: field('link').trim() };
    case 'list':
      return { type, items: text.split('\n').filter((line) => line.trim() !== '') };
    case 'divider':
      return { type };
  }
}

/** What a button of the editor does to the blocks: `add:text`, `up:2`, `down:2`, `drop:2`. Anything else changes nothing. */
export function moved(blocks: readonly Block[], act: string): Block[] {
  const [what = '', of = ''] = act.split(':');
  const next = [...blocks];
  const at = Number(of);
  const type = blockTypes.find((each) => each === of);
  if (what === 'add' && type) next.push(EMPTY[type]);
  const taken = /^(?:up|down|drop)$/.test(what) ? next.splice(at, 1) : [];
  if (what === 'up') next.splice(Math.max(0, at - 1), 0, ...taken);
  if (what === 'down') next.splice(at + 1, 0, ...taken);
  return next;
}
