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
  /**
   * Throws a TemplateError where words that somebody wrote could not take the place of the template's own: a variable
   * that it does not have, a part that it has no use for, a mail that loses the link it is sent for.
   */
  accept(name: TemplateName, files: TemplateFiles): void;
  /** What the text files of this template may name. */
  variables(name: TemplateName): string[];
  /** Whether there is an SMS beside the mail. */
  hasSms(name: TemplateName): boolean;
  /** The invented data of `sample.json`, for previews and tests. */
  sample<N extends TemplateName>(name: N): TemplateData[N];
};

/** Words that people wrote, in place of the product's own. */
export type OwnMessages = {
  /** By name, looked at each time. A part that is null leaves the template's own. */
  messages: ReadonlyMap<string, TemplateFiles>;
  /** Hears of words that could not be filled in; the template's own went out in their place. */
  onFailure: (name: TemplateName, error: TemplateError) => void;
};

const SMS_VARIABLES = ['brand', 'shortLink', 'commission'];
const TEXTS = join(import.meta.dirname, '..', 'texts');

let loaded: Promise<Templates> | null = null;
/** Compiled once: whoever tries somebody's words need not wait for all others. */
let compiled: Promise<TextsFolder> | null = null;

/**
 * Reads, compiles and checks all templates, once per process. Throws a TemplateError naming the file and the
 * problem, so that a service with a broken text does not start. `folder` replaces `texts/`; what has a folder or words
 * of people's own is not cached.
 */
export function loadTemplates(folder?: string, own?: OwnMessages): Promise<Templates> {
  if (folder !== undefined || own !== undefined) return load(folder ?? TEXTS, own);
  loaded ??= load(TEXTS);
  return loaded;
}

async function load(folder: string, own?: OwnMessages): Promise<Templates> {
  const texts = await (folder === TEXTS
    ? (compiled ??= readTextsFolder(folder))
    : readTextsFolder(folder));
  for (const name of texts.templates.keys()) {
    if (!Object.hasOwn(templateSchemas, name) && !isCampaignTemplate(name)) {
      throw new TemplateError(
        `${name}: this folder has no schema in template-data.ts or campaign-data.ts`,
      );
    }
  }
  for (const name of templateNames) checkTemplate(texts, name);
  const longest = (name: TemplateName, given: { brand: string; shortLink: string }): View => {
    const sample = filesOf(texts, name).sample as object;
    return toView(name, { ...sample, commission: LONGEST_TENGE, ...given });
  };
  return {
    renderMail: (name, data) => renderWith(texts, own, name, 'mail', toView(name, data)),
    renderSms: (name, data) => renderWith(texts, own, name, 'sms', toView(name, data)),
    longestSms: (name, given) => renderWith(texts, own, name, 'sms', longest(name, given)),
    accept: (name, files) => accept(texts, name, files),
    variables: (name) => Object.keys(toView(name, filesOf(texts, name).sample)),
    hasSms: (name) => filesOf(texts, name).sms !== null,
    sample: (name) => structuredClone(filesOf(texts, name).sample) as TemplateData[typeof name],
  };
}

const renderers = { mail: renderMail, sms: renderSms };
type Rendered = { mail: RenderedMail; sms: RenderedSms };

/** A message is never lost for words: what cannot be filled in gives its place back to the template's own. */
function renderWith<Part extends 'mail' | 'sms'>(
  texts: TextsFolder,
  own: OwnMessages | undefined,
  name: TemplateName,
  part: Part,
  view: View,
): Rendered[Part] {
  const render = renderers[part] as (
    texts: TextsFolder,
    name: TemplateName,
    view: View,
    files: TemplateFiles,
  ) => Rendered[Part];
  const files = own?.messages.get(name);
  if (files && files[part] !== null) {
    try {
      return render(texts, name, view, files);
    } catch (thrown) {
      if (!(thrown instanceof TemplateError)) throw thrown;
      own?.onFailure(name, thrown);
    }
  }
  return render(texts, name, view, filesOf(texts, name));
}

function accept(texts: TextsFolder, name: TemplateName, files: TemplateFiles): void {
  const { sample, mail, sms } = filesOf(texts, name);
  const view = toView(name, sample);
  const known = Object.keys(view);
  if (files.mail !== null) {
    if (mail === null) throw new TemplateError(`${name}: this message has no mail`);
    checkMailVariables(mailOf(texts, files.mail), known);
    const rendered = renderMail(texts, name, view, files);
    const link = view['link'];
    if (
      typeof link === 'string' &&
      ![rendered.html.replaceAll('&amp;', '&'), rendered.text].every((part) => part.includes(link))
    )
      throw new TemplateError(`${name}: {{ link }} has to stand in the mail and in its text part`);
  }
  if (files.sms !== null) {
    if (sms === null) throw new TemplateError(`${name}: this message has no SMS`);
    checkVariables(
      files.sms,
      SMS_VARIABLES.filter((variable) => known.includes(variable)),
    );
    renderSms(texts, name, view, files);
  }
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
    renderMail(texts, name, view, filesOf(texts, name));
  }
  if (sms !== null) {
    checkVariables(sms, SMS_VARIABLES);
    renderSms(texts, name, view, filesOf(texts, name));
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

function renderMail(
  texts: TextsFolder,
  name: TemplateName,
  view: View,
  { mail }: TemplateFiles,
): RenderedMail {
  if (mail === null) throw new TemplateError(`${name}: this template has no mail`);
  return renderMailTexts(mailOf(texts, mail), view);
}

function mailOf({ layoutText }: TextsFolder, mail: NonNullable<TemplateFiles['mail']>): MailTexts {
  return { ...mail, layoutText };
}

function renderSms(
  _texts: TextsFolder,
  name: TemplateName,
  view: View,
  { sms }: TemplateFiles,
): RenderedSms {
  if (sms === null) throw new TemplateError(`${name}: this template has no SMS`);
  return renderSmsText(sms, view);
}
