/** Makes what somebody wrote into a template as the files under `texts/` are: compiled, with the common frame around. */
import { join } from 'node:path';
import type { z } from 'zod';
import type { CampaignTemplate } from '../campaign-templates.ts';
import type { LiquidText } from '../liquid-text.ts';
import { createLiquid, parseLiquid } from '../liquid-text.ts';
import { TemplateError } from '../template-error.ts';
import { compileWhole, readFrame, type TemplateFiles } from '../template-files.ts';
import { optional, ownText, ownUrl } from '../variable-types.ts';
import { blocksAsMjml, blocksAsText, lineAsHtml } from './mail-parts.ts';
import { isRaw, type OwnMail, type OwnText } from './own-text.ts';
import { givenNames, isLinkName, lineAsLiquid } from './placeholders.ts';

/** Where the words of the product are. */
export const TEXTS = join(import.meta.dirname, '..', '..', 'texts');
const INCLUDE = '<mj-include path="mail.mjml" />';
/** What the frame itself asks for, beside what writers may. */
const ALWAYS_KNOWN: readonly string[] = [
  ...givenNames,
  'unsubscribeUrl',
  'isAccountMail',
  'subject',
];
const LONGEST_VALUE = 300;
const WITH_DEFAULT = /\{\{\s*([\p{L}\p{N}_]+)\s*\|\s*default:/gu;
const ANY_VALUE = /\{\{\s*([\p{L}\p{N}_]+)/gu;

let read: ReturnType<typeof readFrame> | undefined;

/** What stands around every mail, read once. */
export const frame = () => (read ??= readFrame(TEXTS));

/**
 * Compiles a text under its name. Throws a TemplateError for what cannot be sent: MJML or Liquid that is broken, or a
 * value that may not stand where it does.
 */
export async function compileOwnText(name: string, content: OwnText): Promise<TemplateFiles> {
  const { mail, sms } = content;
  const text = createLiquid('text');
  return {
    sample: { brand: '' },
    mail: mail === null ? null : await compileMail(name, mail),
    sms: sms === null ? null : parseLiquid(text, `${name}/sms`, lineAsLiquid(sms.trim())),
  };
}

/**
 * The same as a campaign's template. Each variable that the product does not give may stand in the campaign or be a
 * column of its list; it may be missing where the text says what stands there instead.
 */
export function ownTemplate(
  files: TemplateFiles,
  own: NonNullable<CampaignTemplate['own']>,
): CampaignTemplate {
  const names = variablesOf(files);
  const variables = Object.fromEntries(names.map((name) => [name, typeOf(name, files)]));
  return { definition: { variables, perRecipient: names }, files, own };
}

/** What a text asks for beside what the product gives, in the order of the alphabet. */
export function variablesOf(files: TemplateFiles): string[] {
  const used = partsOf(files).flatMap(({ variables }) => variables);
  return [...new Set(used)].filter((name) => !ALWAYS_KNOWN.includes(name)).sort();
}

function typeOf(name: string, files: TemplateFiles): z.ZodType {
  const type = isLinkName(name) ? ownUrl : ownText(LONGEST_VALUE);
  return hasFallbackOnly(name, files) ? optional(type) : type;
}

/** Whether everywhere it stands the text says what to put there for somebody without it. */
function hasFallbackOnly(name: string, files: TemplateFiles): boolean {
  return partsOf(files).every(({ source }) => {
    const count = (pattern: RegExp) =>
      [...source.matchAll(pattern)].filter(([, found]) => found === name).length;
    return count(WITH_DEFAULT) === count(ANY_VALUE);
  });
}

function partsOf({ mail, sms }: TemplateFiles): LiquidText[] {
  return [...(mail ? [mail.subject, mail.html, mail.text] : []), ...(sms ? [sms] : [])];
}

async function compileMail(
  name: string,
  mail: OwnMail,
): Promise<NonNullable<TemplateFiles['mail']>> {
  const { layout } = await frame();
  const { head, body } = isRaw(mail)
    ? rawParts(name, mail.mjml)
    : { head: '', body: blocksAsMjml(mail.blocks) };
  const preview =
    head || (mail.preheader && `<mj-preview>${lineAsHtml(mail.preheader)}</mj-preview>`);
  const source = layout
    .replace(INCLUDE, () => body)
    .replace('</mj-head>', () => `${preview}</mj-head>`);
  const text = createLiquid('text');
  const plain = isRaw(mail) ? mail.text.trim() : blocksAsText(mail.blocks);
  return {
    subject: parseLiquid(text, `${name}/subject`, lineAsLiquid(mail.subject.trim())),
    html: parseLiquid(
      createLiquid('html'),
      `${name}/mail`,
      await compileWhole(source, `${name}/mail`),
    ),
    text: parseLiquid(text, `${name}/text`, plain),
  };
}

/** Of `<mjml><mj-head>…</mj-head><mj-body>…</mj-body></mjml>`, or of what would stand in the body. */
function rawParts(name: string, mjml: string): { head: string; body: string } {
  if (/<mj-include\b/i.test(mjml))
    throw new TemplateError(`${name}: mj-include reads no files here`);
  if (/<script\b/i.test(mjml)) throw new TemplateError(`${name}: a mail has no scripts`);
  const inside = (tag: string) =>
    new RegExp(`<${tag}\\b[^>]*>([\\s\\S]*)</${tag}>`, 'i').exec(mjml)?.[1];
  const isWhole = /<mjml\b/i.test(mjml);
  const body = isWhole ? inside('mj-body') : mjml;
  if (body === undefined) throw new TemplateError(`${name}: there is no <mj-body>`);
  const head = (isWhole && inside('mj-head')) || '';
  const section = /<mj-(?:section|wrapper|hero|raw)\b/i.test(body)
    ? body
    : `<mj-section><mj-column>${body}</mj-column></mj-section>`;
  return { head, body: section };
}
