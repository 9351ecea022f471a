/**
 * Reads the folders under `texts/` and makes them ready to be filled in. MJML is compiled here, before any value is
 * known, so that no value can ever be read as MJML, HTML or Liquid.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { mjmlToHtml, type Includes } from './compiled-mjml.ts';
import { createLiquid, parseLiquid } from './liquid-text.ts';
import type { LiquidText } from './liquid-text.ts';
import { TemplateError } from './template-error.ts';

/** One template's files; a template may have only a mail or only an SMS. */
export type TemplateFiles = {
  sample: unknown;
  mail: { subject: LiquidText; html: LiquidText; text: LiquidText } | null;
  sms: LiquidText | null;
};

/** Everything under `texts/`. `layoutText` is put around the text part of each mail, as its variable `mail`. */
export type TextsFolder = {
  layout: string;
  layoutText: LiquidText;
  templates: Map<string, TemplateFiles>;
};

// A link's target is an own, checked address or our support mailbox. These names are the only ones that may stand
// inside a tag; what a lead typed may only stand between tags. MJML itself repeats the title for screen readers,
// where escaping is enough.
const MAY_STAND_IN_A_TAG = /^\{\{\s*(?:link|shortLink|\w+(?:Link|Url)|supportEmail)\s*\}\}$/;
const TITLE_FOR_SCREEN_READERS = 'aria-label="{{ subject }}"';

/**
 * Reads and compiles every template in `folder`. Throws a TemplateError with the file and the problem for what
 * is missing, is not valid MJML, Liquid or JSON, or puts a lead's words inside a tag.
 */
export async function readTextsFolder(folder: string): Promise<TextsFolder> {
  const read = (file: string) => readText(folder, file);
  const html = createLiquid('html');
  const text = createLiquid('text');
  const { layout, layoutText } = await readFrame(folder);

  const readTemplate = async (name: string): Promise<TemplateFiles> => {
    const present = await readdir(join(folder, name));
    const parse = async (file: string) =>
      parseLiquid(text, `${name}/${file}`, (await read(`${name}/${file}`)).trim());
    const sample = parseJson(`${name}/sample.json`, await read(`${name}/sample.json`));
    const sms = present.includes('sms.txt') ? await parse('sms.txt') : null;
    if (!present.includes('mail.mjml')) return { sample, sms, mail: null };
    const mjmlFile = `${name}/mail.mjml`;
    const compiled = await compileMjml(layout, mjmlFile, join(folder, mjmlFile));
    const mail = {
      subject: await parse('subject.txt'),
      html: parseLiquid(html, mjmlFile, compiled),
      text: await parse('mail.txt'),
    };
    return { sample, sms, mail };
  };

  const templates = new Map<string, TemplateFiles>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) templates.set(entry.name, await readTemplate(entry.name));
  }
  return { layout, layoutText, templates };
}

/** What stands around every mail and around its text part. Throws a TemplateError. */
export async function readFrame(
  folder: string,
): Promise<Pick<TextsFolder, 'layout' | 'layoutText'>> {
  const [layout, text] = await Promise.all([
    readText(folder, 'layout.mjml'),
    readText(folder, 'layout.txt'),
  ]);
  return { layout, layoutText: parseLiquid(createLiquid('text'), 'layout.txt', text.trim()) };
}

async function readText(folder: string, file: string): Promise<string> {
  try {
    return await readFile(join(folder, file), 'utf8');
  } catch (cause) {
    throw new TemplateError(`${file}: cannot be read`, { cause });
  }
}

function parseJson(file: string, source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new TemplateError(`${file}: is not valid JSON`, { cause });
  }
}

/**
 * The layout says `<mj-include path="mail.mjml" />`, which MJML looks up beside `filePath`: that is how one layout
 * takes in each template's own mail.
 */
function compileMjml(layout: string, file: string, filePath: string): Promise<string> {
  return compile(layout, file, { filePath, ignoreIncludes: false });
}

/** MJML whose frame is filled in already: it reads no file. Throws a TemplateError that begins with `file`. */
export function compileWhole(source: string, file: string): Promise<string> {
  return compile(source, file, { ignoreIncludes: true });
}

async function compile(source: string, file: string, includes: Includes): Promise<string> {
  const html = await mjmlToHtml(source, includes).catch((cause: unknown) => {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw new TemplateError(`${file} or layout.mjml: ${problem}`, { cause });
  });
  refuseValuesInTags(file, html);
  return html;
}

function refuseValuesInTags(file: string, html: string): void {
  for (const [tag] of html.matchAll(/<[a-z!/](?:[^<>"']|"[^"]*"|'[^']*')*>/gi)) {
    for (const [value] of tag
      .replace(TITLE_FOR_SCREEN_READERS, '')
      .matchAll(/\{\{.*?\}\}|\{%.*?%\}/gs)) {
      if (MAY_STAND_IN_A_TAG.test(value)) continue;
      throw new TemplateError(`${file}: ${value} may not stand inside a tag: ${tag.slice(0, 80)}`);
    }
  }
}
