/**
 * Mails and SMS from the text files under `texts/`. The same data always gives the same bytes: a mail that is sent
 * again after a crash must not differ from the first try.
 */
import { join } from 'node:path';

import { checkMailVariables, checkVariables, renderMailTexts, renderSmsText } from './render.ts';
import { withoutLineBreaks } from './render.ts';
import type { MailTexts, RenderedMail, RenderedSms, View } from './render.ts';
import { isCampaignTemplate } from './campaign-data.ts';
import { LONGEST_TENGE, templateNames, templateSchemas } from './template-data.ts';
import type { TemplateData, TemplateName } from './template-data.ts';
import { TemplateError } from './template-error.ts';
import { readTextsFolder } from './template-files.ts';
import type { TemplateFiles, TextsFolder } from './template-files.ts';

export type { RenderedMail, RenderedSms } from './render.ts';
export { leadTemplateNames, templateNames } from './template-data.ts';
export type { TemplateData, TemplateName } from './template-data.ts';
export { TemplateError } from './template-error.ts';

/** The texts of the product, compiled. Every function throws TemplateError naming template and variable. */
export type Templates = {
  /** The mail for these data. */
  renderMail<N extends TemplateName>(name: N, data: TemplateData[N]): RenderedMail;
  /** The SMS for these data, in one line. */
  renderSms<N extends TemplateName>(name: N, data: TemplateData[N]): RenderedSms;
  /**
   * The longest SMS that a template can make under this brand, `shortLink` being a link as long as the longest. Exact,
   * because an SMS text may name these two only, and an amount of money. With more than one segment a service should refuse to start.
   */
  longestSms(name: TemplateName, own: { brand: string; shortLink: string }): RenderedSms;
  /** Whether there is an SMS beside the mail. */
  hasSms(name: TemplateName): boolean;
  /** The invented data of `sample.json`, for previews and tests. */
  sample<N extends TemplateName>(name: N): TemplateData[N];
};

const SMS_VARIABLES = ['brand', 'shortLink', 'commission'];
const TEXTS = join(import.meta.dirname, '..', 'texts');

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
    if (!Object.hasOwn(templateSchemas, name) && !isCampaignTemplate(name)) {
      throw new TemplateError(
        `${name}: this folder has no schema in template-data.ts or campaign-data.ts`,
      );
    }
  }
  for (const name of templateNames) checkTemplate(texts, name);
  return {
    renderMail: (name, data) => renderMail(texts, name, toView(name, data)),
    renderSms: (name, data) => renderSms(texts, name, toView(name, data)),
    longestSms: (name, own) => {
      const sample = filesOf(texts, name).sample;
      return renderSms(
        texts,
        name,
        toView(name, { ...(sample as object), commission: LONGEST_TENGE, ...own }),
      );
    },
    hasSms: (name) => filesOf(texts, name).sms !== null,
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
    checkMailVariables(mailOf(texts, mail), known);
    renderMail(texts, name, view);
  }
  if (sms !== null) {
    checkVariables(sms, SMS_VARIABLES);
    renderSms(texts, name, view);
  }
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

function renderMail(texts: TextsFolder, name: TemplateName, view: View): RenderedMail {
  const { mail } = filesOf(texts, name);
  if (mail === null) throw new TemplateError(`${name}: this template has no mail`);
  return renderMailTexts(mailOf(texts, mail), view);
}

function mailOf({ layoutText }: TextsFolder, mail: NonNullable<TemplateFiles['mail']>): MailTexts {
  return { ...mail, layoutText };
}

function renderSms(texts: TextsFolder, name: TemplateName, view: View): RenderedSms {
  const { sms } = filesOf(texts, name);
  if (sms === null) throw new TemplateError(`${name}: this template has no SMS`);
  return renderSmsText(sms, view);
}
