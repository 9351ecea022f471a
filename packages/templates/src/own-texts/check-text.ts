/** What is to be known of a text before people get it, in words for whoever wrote it. */
import { formOf } from '@leadwire/shared/runtime/russian';
import { explainSms } from '../sms-length.ts';
import { TemplateError } from '../template-error.ts';
import type { TemplateFiles } from '../template-files.ts';
import { addressesInMjml, addressesOf } from './text-addresses.ts';
import { compileOwnText, variablesOf } from './own-template.ts';
import { isRaw, type Block, type OwnMail, type OwnText } from './own-text.ts';
import { givenNames, isLinkName, placeholdersIn, wrongBracesIn } from './placeholders.ts';
import { SAMPLE_WAY_OUT, showOwnText, type Shown } from './show-text.ts';

/** `stop`: it must not be sent so; `mend`: it can, and would be better otherwise; `know`: nothing to do. */
export type FindingLevel = 'stop' | 'mend' | 'know';
export interface TextFinding {
  level: FindingLevel;
  /** One token. */
  what: string;
  words: string;
  /** Of the mail's blocks, from 0. */
  block?: number;
}

/** Gmail cuts a mail here and hides what follows, the way out among it (its own limit: 102 KB of HTML). */
export const GMAIL_LIMIT_BYTES = 102 * 1024;
/** What a phone shows of a subject, and what a computer shows. */
const SUBJECT_ON_PHONE = 45;
const LONGEST_SUBJECT = 100;
const LONGEST_PREHEADER = 140;

const find = (level: FindingLevel, what: string, words: string, block?: number): TextFinding => ({
  level,
  what,
  words,
  ...(block !== undefined && { block }),
});

/** All that can be said without asking anybody; what links answer is `checkLinks` of packages/operations. */
export async function checkOwnText(content: OwnText): Promise<TextFinding[]> {
  const written = checkWritten(content);
  if (written.some(({ what }) => what === 'empty')) return written;
  let files: TemplateFiles;
  try {
    files = await compileOwnText('text', content);
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    const isTold = written.some(({ level }) => level === 'stop');
    return isTold
      ? written
      : [...written, find('stop', 'broken', `Письмо не собирается: ${thrown.message}`)];
  }
  const shown = await showOwnText(files, {});
  return [
    ...written,
    ...(shown.mail ? checkShownMail(shown.mail) : []),
    ...(shown.sms ? checkSms(shown.sms) : []),
    ...checkVariables(variablesOf(files)),
  ];
}

/** What the words say by themselves, before anything is made of them. */
export function checkWritten(content: OwnText): TextFinding[] {
  const { mail, sms } = content;
  if (mail === null && sms === null)
    return [find('stop', 'empty', 'Текста нет: ни письма, ни SMS.')];
  return [...(mail ? checkMail(mail) : []), ...bracesOf(content)];
}

function checkMail(mail: OwnMail): TextFinding[] {
  return [...checkSubject(mail), ...(isRaw(mail) ? checkRaw(mail) : checkBlocks(mail.blocks))];
}

function checkSubject({ subject, preheader }: OwnMail): TextFinding[] {
  const text = subject.trim();
  const { length } = [...text];
  const letters = text.replace(/[^\p{L}]/gu, '');
  const isLoud = letters.length > 6 && letters === letters.toUpperCase();
  return [
    text === '' && find('stop', 'no_subject', 'Нет темы письма.'),
    placeholdersIn(text).some(({ name }) => name === 'name') &&
      find(
        'stop',
        'name_in_subject',
        'Имя в теме нельзя: его вписывает в форму кто угодно. Обратитесь по имени в письме.',
      ),
    length > LONGEST_SUBJECT
      ? find('mend', 'subject_long', `Тема длиннее ${LONGEST_SUBJECT} знаков: почта её обрежет.`)
      : length > SUBJECT_ON_PHONE &&
        find(
          'know',
          'subject_on_phone',
          `На телефоне видно около ${SUBJECT_ON_PHONE} знаков темы, здесь ${length}.`,
        ),
    isLoud &&
      find(
        'mend',
        'subject_loud',
        'Тема из одних заглавных букв: почта принимает такие письма за спам.',
      ),
    /!{2,}|\?{2,}/.test(text) &&
      find('mend', 'subject_loud', 'Несколько знаков подряд в теме похожи на спам.'),
    (text.match(/\p{Extended_Pictographic}/gu)?.length ?? 0) > 2 &&
      find('mend', 'subject_emoji', 'Больше двух эмодзи в теме похожи на спам.'),
    preheader.trim() === '' &&
      find('mend', 'no_preheader', 'Нет строки рядом с темой: почта покажет первые слова письма.'),
    [...preheader].length > LONGEST_PREHEADER &&
      find('know', 'preheader_long', `Рядом с темой видно не больше ${LONGEST_PREHEADER} знаков.`),
  ].filter((each) => each !== false);
}

function checkRaw({ text, mjml }: { text: string; mjml: string }): TextFinding[] {
  const addresses = addressesInMjml(mjml).filter((each) => !each.includes('{{'));
  const pictures = mjml.match(/<mj-image\b[^>]*>/g) ?? [];
  return [
    ...(text.trim() === ''
      ? [find('stop', 'no_text_part', 'Нет текстовой части: без неё письмо чаще попадает в спам.')]
      : []),
    ...addresses.flatMap((each) => checkAddress(each)),
    ...(pictures.some((tag) => !/\balt="[^"]+"/.test(tag)) ? [noAlt()] : []),
  ];
}

function checkBlocks(blocks: readonly Block[]): TextFinding[] {
  const said = blocks.filter(({ type }) => type !== 'picture' && type !== 'divider');
  const isEmpty = !said.some(
    (block) =>
      ('text' in block && block.text.trim()) ||
      (block.type === 'list' && block.items.some((item) => item.trim())),
  );
  return [
    ...(isEmpty
      ? [find('stop', 'no_text_part', 'В письме нет ни слова: одни картинки почта считает спамом.')]
      : []),
    ...blocks.flatMap((block, index) => checkBlock(block, index)),
  ];
}

function checkBlock(block: Block, index: number): TextFinding[] {
  const links = addressesOf(block).flatMap((each) => checkAddress(each, index));
  if (block.type === 'picture' && block.url && block.alt.trim() === '') links.push(noAlt(index));
  if (block.type === 'picture' && block.url === '')
    links.push(
      find('mend', 'no_picture', 'Картинка не выбрана: этого блока в письме не будет.', index),
    );
  if (block.type === 'button' && block.text.trim() !== '' && block.url === '') {
    links.push(find('stop', 'no_link', 'Кнопка никуда не ведёт.', index));
  }
  return links;
}

const noAlt = (block?: number) =>
  find(
    'stop',
    'no_alt',
    'У картинки нет подписи: половина почты картинки не показывает, и слепой её не услышит.',
    block,
  );

function checkAddress(address: string, block?: number): TextFinding[] {
  if (address === '') return [];
  const [value] = placeholdersIn(address);
  if (value !== undefined) {
    const isWhole = /^\{\{[^{}]*\}\}$/.test(address.trim());
    if (isWhole && isLinkName(value.name)) return [];
    return [
      find(
        'stop',
        'value_in_link',
        `В ссылке может стоять только целый адрес: {{ link }} или имя на Link. Здесь «${address}».`,
        block,
      ),
    ];
  }
  if (/^(?:mailto|tel):/i.test(address)) return [];
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
    return [find('stop', 'bad_link', `«${address}» не адрес: он начинается с https://.`, block)];
  }
  if (address.toLowerCase().startsWith('http:'))
    return [
      find(
        'mend',
        'no_https',
        `${address} без https: браузер предупредит, что это небезопасно.`,
        block,
      ),
    ];
  return [];
}

function bracesOf({ mail, sms }: OwnText): TextFinding[] {
  const texts =
    mail === null
      ? []
      : [mail.subject, mail.preheader, ...(isRaw(mail) ? [] : mail.blocks.flatMap(stringsOf))];
  const wrong = [...texts, sms ?? ''].flatMap(wrongBracesIn);
  return [...new Set(wrong)].map((each) =>
    find(
      'stop',
      'bad_variable',
      `${each} так вставить нельзя: внутри скобок одно слово, например {{ name }}.`,
    ),
  );
}

const stringsOf = (block: Block): string[] =>
  Object.values(block)
    .flat()
    .filter((each): each is string => typeof each === 'string');

function checkShownMail({ html, text }: NonNullable<Shown['mail']>): TextFinding[] {
  const [isOut, isOutInText] = [html, text].map((part) => part.includes(SAMPLE_WAY_OUT));
  return [
    ...checkSize(html),
    !(isOut && isOutInText) && find('stop', 'no_unsubscribe', 'В письме нет ссылки для отписки.'),
  ].filter((each) => each !== false);
}

/** Whether the mail is shown whole. */
export function checkSize(html: string): TextFinding[] {
  const bytes = Buffer.byteLength(html);
  const words = `Письмо ${Math.ceil(bytes / 1024)} КБ: Gmail обрежет его после 102 КБ и спрячет конец.`;
  return bytes > GMAIL_LIMIT_BYTES ? [find('stop', 'too_large', words)] : [];
}

function checkSms({ text }: NonNullable<Shown['sms']>): TextFinding[] {
  if (text.trim() === '') return [find('stop', 'no_sms', 'SMS пустая.')];
  const { segments, length, segmentsWithoutEmoji } = explainSms(text);
  return [
    segments > 1 &&
      find(
        'mend',
        'sms_long',
        `SMS из ${segments} ${formOf(segments, ['части', 'частей', 'частей'])} (${length} ${formOf(length, ['знак', 'знака', 'знаков'])}): стоит в ${segments} ${formOf(segments, ['раз', 'раза', 'раз'])} больше одной.`,
      ),
    segmentsWithoutEmoji < segments &&
      find('mend', 'sms_emoji', `Без эмодзи было бы ${segmentsWithoutEmoji} вместо ${segments}.`),
    /http:\/\//i.test(text) && find('mend', 'no_https', 'Ссылка в SMS без https.'),
  ].filter((each) => each !== false);
}

/** A letter too many or too few in a name that the product gives makes it another one, which no list has. */
function checkVariables(names: readonly string[]): TextFinding[] {
  return names.map((name) => {
    const meant = givenNames.find((given) => isNear(given.toLowerCase(), name.toLowerCase()));
    return meant === undefined
      ? find(
          'know',
          'needs_column',
          `{{ ${name} }}: нужна колонка «${name}» в списке людей или значение в рассылке.`,
        )
      : find(
          'stop',
          'unknown_variable',
          `{{ ${name} }}: такой подстановки нет. Может быть, {{ ${meant} }}?`,
        );
  });
}

/** The same letters in another order, or one more, one less, one other. */
function isNear(a: string, b: string): boolean {
  const sorted = (text: string) => [...text].sort().join('');
  if (sorted(a) === sorted(b)) return true;
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  const rest = short.length === long.length ? short.slice(at + 1) : short.slice(at);
  return rest === long.slice(at + 1);
}
