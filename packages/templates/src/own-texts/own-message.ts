/**
 * The product's own messages in words that people wrote. They begin with the words that are there, may change the mail,
 * the SMS or both, and are held to more than a campaign's text: whoever saves them has them sent.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formOf } from '@leadwire/shared/runtime/russian';
import { TemplateError } from '../template-error.ts';
import { loadTemplates, type TemplateName, type Templates } from '../templates.ts';
import { checkSize, checkWritten, type TextFinding } from './check-text.ts';
import { compileOwnText, TEXTS } from './own-template.ts';
import { isRaw, type OwnText } from './own-text.ts';
import type { Shown, ShownFor } from './show-text.ts';

/** As long as the longest short link under an address of ours. */
const SAMPLE_SHORT_LINK = 'https://leadwire.kz/s/k7Qm2Xa';
/** Of the frame, or asked for by it: not for writers. */
const NOT_FOR_WRITERS = ['isAccountMail', 'unsubscribeUrl'];

/** What may stand between braces in the words of this message. */
export async function messageVariables(name: TemplateName): Promise<string[]> {
  return (await loadTemplates()).variables(name).filter((each) => !NOT_FOR_WRITERS.includes(each));
}

/** The words that the message has now, to begin with: MJML and its text part as the files have them. */
export async function builtInText(name: TemplateName): Promise<OwnText> {
  const read = (file: string) =>
    readFile(join(TEXTS, name, file), 'utf8').then(
      (text) => text.trim(),
      () => null,
    );
  const [subject, mjml, text, sms] = await Promise.all(
    ['subject.txt', 'mail.mjml', 'mail.txt', 'sms.txt'].map(read),
  );
  const mail =
    mjml == null ? null : { subject: subject ?? '', preheader: '', mjml, text: text ?? '' };
  return { mail, sms: sms ?? null };
}

/** What keeps the words from being sent (`stop`) and what could be better, in words for whoever wrote them. */
export async function checkOwnMessage(
  name: TemplateName,
  content: OwnText,
): Promise<TextFinding[]> {
  const hasPreview =
    content.mail !== null && isRaw(content.mail) && content.mail.mjml.includes('<mj-preview');
  const written = checkWritten(content).filter(
    ({ what }) => !(hasPreview && what === 'no_preheader'),
  );
  if (written.some(({ what }) => what === 'empty')) return written;
  try {
    const templates = await withWords(name, content);
    const { mail } = shownBy(templates, name, content, {});
    return [
      ...written,
      ...(mail ? checkSize(mail.html) : []),
      ...dearSms(templates, name, content),
    ];
  } catch (thrown) {
    if (!(thrown instanceof TemplateError)) throw thrown;
    if (written.some(({ level }) => level === 'stop')) return written;
    return [...written, { level: 'stop', what: 'unfit', words: await wordsOf(name, thrown) }];
  }
}

/** Each lead would be billed twice. */
function dearSms(templates: Templates, name: TemplateName, { sms }: OwnText): TextFinding[] {
  if (sms === null) return [];
  const { segments, text } = templates.longestSms(name, {
    brand: 'Leadwire',
    shortLink: SAMPLE_SHORT_LINK,
  });
  if (segments <= 1) return [];
  const words = `SMS длиннее одной части (${text.length} ${formOf(text.length, ['знак', 'знака', 'знаков'])} вместе со ссылкой): каждое сообщение стоило бы вдвое.`;
  return [{ level: 'stop', what: 'sms_long', words }];
}

async function wordsOf(name: TemplateName, { message }: TemplateError): Promise<string> {
  const [, variable] = /no variable "([^"]+)"/.exec(message) ?? [];
  if (variable !== undefined) {
    const known = (await messageVariables(name)).map((each) => `{{ ${each} }}`).join(', ');
    const where = message.includes('/sms')
      ? 'В этом SMS'
      : message.includes('/subject')
        ? 'В теме'
        : 'В этом сообщении';
    return `${where} нельзя вставить {{ ${variable} }}. В письме есть ${known}; в SMS только {{ brand }} и {{ shortLink }}, если они у сообщения есть.`;
  }
  if (message.includes('{{ link }}'))
    return 'В письме нет кнопки или ссылки с адресом {{ link }}: ради неё оно и отправляется.';
  if (message.includes('no mail')) return 'У этого сообщения нет письма.';
  if (message.includes('no SMS')) return 'У этого сообщения нет SMS.';
  return `Не собирается: ${message}`;
}

/** What an invented person gets of these words, exactly as it is sent. Throws a TemplateError for what cannot be. */
export async function showOwnMessage(
  name: TemplateName,
  content: OwnText,
  shownFor: ShownFor = {},
): Promise<Shown> {
  return shownBy(await withWords(name, content), name, content, shownFor);
}

function shownBy(
  templates: Templates,
  name: TemplateName,
  content: OwnText,
  { brand = 'Leadwire', supportEmail, name: who }: ShownFor,
): Shown {
  const data = {
    ...templates.sample(name),
    brand,
    ...(supportEmail !== undefined && { supportEmail }),
    ...(who !== undefined && { name: who ?? '' }),
  } as never;
  return {
    mail: content.mail && templates.renderMail(name, data),
    sms: content.sms === null ? null : templates.renderSms(name, data),
  };
}

/** The templates with these words in one of them. What they cannot do is thrown here and not sent otherwise. */
async function withWords(name: TemplateName, content: OwnText): Promise<Templates> {
  const files = await compileOwnText(name, content);
  const onFailure = (_name: TemplateName, error: TemplateError) => {
    throw error;
  };
  const templates = await loadTemplates(undefined, {
    messages: new Map([[name, files]]),
    onFailure,
  });
  templates.accept(name, files);
  return templates;
}
