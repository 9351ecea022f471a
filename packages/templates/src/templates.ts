/**
 * Mails and SMS from the text files under `texts/`. The same data always gives the same bytes: a mail that is sent
 * again after a crash must not differ from the first try.
 */
import { join } from 'node:path';

import { SegmentedMessage } from 'sms-segments-calculator';

import type { LiquidText } from './liquid-text.ts';
import { templateNames, templateSchemas } from './template-data.ts';
import type { TemplateData, TemplateName } from './template-data.ts';
import { TemplateError } from './template-error.ts';
import { readTextsFolder } from './template-files.ts';
import type { TemplateFiles, TextsFolder } from './template-files.ts';
import { clip, toOneLine } from './user-text.ts';

export { templateNames } from './template-data.ts';
export type { TemplateData, TemplateName } from './template-data.ts';
export { TemplateError } from './template-error.ts';

/** A mail ready to be sent; `subject` is one line, `html` and `text` end with a line break. */
export type RenderedMail = { subject: string; html: string; text: string };

/** An SMS, how many segments it is billed as, and in which encoding: UCS-2 has 70 UTF-16 units in a single segment. */
export type RenderedSms = { text: string; segments: number; encoding: 'GSM-7' | 'UCS-2' };

/** The texts of the product, compiled. Every function throws TemplateError naming template and variable. */
export type Templates = {
  /** The mail for these data. */
  renderMail<N extends TemplateName>(name: N, data: TemplateData[N]): RenderedMail;
  /** The SMS for these data, in one line. */
  renderSms<N extends TemplateName>(name: N, data: TemplateData[N]): RenderedSms;
  /**
   * The longest SMS that a template can make under this brand, `shortLink` being a link as long as the longest. Exact,
   * because an SMS text may name these two only. With more than one segment a service should refuse to start.
   */
  longestSms(name: TemplateName, own: { brand: string; shortLink: string }): RenderedSms;
  /** The invented data of `sample.json`, for previews and tests. */
  sample<N extends TemplateName>(name: N): TemplateData[N];
};

// Longer subjects are cut by every inbox; RFC 5322 wants header lines under 998 octets.
const MAX_SUBJECT_LENGTH = 150;
const SMS_VARIABLES = ['brand', 'shortLink'];
const TEXTS = join(import.meta.dirname, '..', 'texts');

type View = Record<string, unknown>;

let loaded: Promise<Templates> | null = null;

/**
 * Reads, compiles and checks all templates, once per process. Throws a TemplateError naming the file and the
 * problem, so that a service with a broken text does not start. `folder` replaces `texts/` and is not cached.
 */
export function loadTemplates(folder?: string): Promise<Templates> {
  if (folder !== undefined) return load(folder);
  loaded ??= load(TEXTS);
  return loaded;
}

async function load(folder: string): Promise<Templates> {
  const texts = await readTextsFolder(folder);
  for (const name of texts.templates.keys()) {
    if (!Object.hasOwn(templateSchemas, name)) {
      throw new TemplateError(`${name}: this folder has no schema in template-data.ts`);
    }
  }
  for (const name of templateNames) checkTemplate(texts, name);
  return {
    renderMail: (name, data) => renderMail(texts, name, toView(name, data)),
    renderSms: (name, data) => renderSms(texts, name, toView(name, data)),
    longestSms: (name, own) => {
      const sample = filesOf(texts, name).sample;
      return renderSms(texts, name, toView(name, { ...(sample as object), ...own }));
    },
    sample: (name) => structuredClone(filesOf(texts, name).sample) as TemplateData[typeof name],
  };
}

/** A wrong variable in a branch that the sample does not reach is found here, before a lead reaches it. */
function checkTemplate(texts: TextsFolder, name: TemplateName): void {
  const { sample, mail, sms } = filesOf(texts, name);
  const view = toView(name, sample, `${name}/sample.json`);
  const known = Object.keys(view);
  if (mail === null && sms === null)
    throw new TemplateError(`${name}: no mail.mjml and no sms.txt`);
  if (mail !== null) {
    checkVariables(mail.subject, known);
    checkVariables(mail.html, [...known, 'subject']);
    checkVariables(mail.text, known);
    checkVariables(texts.layoutText, [...known, 'mail']);
    renderMail(texts, name, view);
  }
  if (sms !== null) {
    checkVariables(sms, SMS_VARIABLES);
    renderSms(texts, name, view);
  }
}

function checkVariables({ file, variables }: LiquidText, known: readonly string[]): void {
  const unknown = variables.find((variable) => !known.includes(variable));
  if (unknown === undefined) return;
  throw new TemplateError(`${file}: no variable "${unknown}"; there are ${known.join(', ')}`);
}

function filesOf(texts: TextsFolder, name: TemplateName): TemplateFiles {
  const files = texts.templates.get(name);
  if (files === undefined) throw new TemplateError(`${name}: there is no such template`);
  return files;
}

function toView(name: TemplateName, data: unknown, where: string = name): View {
  const parsed = Object.hasOwn(templateSchemas, name)
    ? templateSchemas[name].safeParse(data)
    : undefined;
  if (parsed === undefined) throw new TemplateError(`${name}: there is no such template`);
  if (parsed.success) return withoutLineBreaks(parsed.data) as View;
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'data'}: ${issue.message}`,
  );
  throw new TemplateError(`${where}: ${problems.join('; ')}`);
}

/** The last net below the schemas: no value of any template can break a header or a line of the text part. */
function withoutLineBreaks(value: unknown): unknown {
  if (typeof value === 'string') return toOneLine(value);
  if (Array.isArray(value)) return value.map(withoutLineBreaks);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutLineBreaks(item)]),
  );
}

function renderMail(texts: TextsFolder, name: TemplateName, view: View): RenderedMail {
  const { mail } = filesOf(texts, name);
  if (mail === null) throw new TemplateError(`${name}: this template has no mail`);
  const subject = clip(toOneLine(mail.subject.render(view)), MAX_SUBJECT_LENGTH);
  const text = texts.layoutText.render({ ...view, mail: mail.text.render(view).trim() });
  return {
    subject,
    html: `${mail.html.render({ ...view, subject }).trim()}\n`,
    text: `${text
      .replace(/[ \t]+$/gm, '')
      .replace(/\n{3,}/g, '\n\n')
      .trim()}\n`,
  };
}

function renderSms(texts: TextsFolder, name: TemplateName, view: View): RenderedSms {
  const { sms } = filesOf(texts, name);
  if (sms === null) throw new TemplateError(`${name}: this template has no SMS`);
  const text = toOneLine(sms.render(view));
  const message = new SegmentedMessage(text);
  const encoding = message.encodingName;
  return { text, segments: message.segmentsCount, encoding };
}
