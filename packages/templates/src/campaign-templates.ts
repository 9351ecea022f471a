/**
 * Mails and SMS of campaigns. A campaign is frozen when it starts: compiled texts and checked variables become one
 * JSON value, and what is rendered from it later has the same bytes whatever has become of the files.
 */
import { join } from 'node:path';

import { z } from 'zod';

import { readRecipient, readVariables } from './campaign-variables.ts';
import type { CampaignVariables, ReadVariables, VariableIssue } from './campaign-variables.ts';
import { campaignTemplateNames, definitionOf } from './campaign-data.ts';
import { countdownOf, freezeTemplate } from './freeze-template.ts';
import type { CampaignOwner, CampaignTemplate } from './freeze-template.ts';
import { thawCampaign } from './frozen-campaign.ts';
import type { CampaignChannel, FrozenCampaign } from './frozen-campaign.ts';
import { checkMailVariables, checkVariables } from './render.ts';
import { TemplateError } from './template-error.ts';
import { readTextsFolder } from './template-files.ts';
import type { TemplateFiles, TextsFolder } from './template-files.ts';

export { campaignTemplateNames, isCampaignTemplate } from './campaign-data.ts';
export type { CampaignTemplateName } from './campaign-data.ts';
export type { CampaignOwner, CampaignTemplate } from './freeze-template.ts';
export type { CampaignVariables, ReadVariables, VariableIssue } from './campaign-variables.ts';

/** What a template asks for, for those who make campaigns. */
export type CampaignTemplateInfo = {
  name: string;
  /** What people call a text that they wrote themselves, and its version; null for those of the product. */
  own: { title: string; version: number } | null;
  channels: CampaignChannel[];
  variables: { name: string; required: boolean; perRecipient: boolean; description: string }[];
};

/** The campaign templates, compiled. */
export type CampaignTemplates = {
  /** All of them, with what they ask for. */
  list(): CampaignTemplateInfo[];
  /**
   * Checks what was given once for the whole campaign. A name that the template does not have is an issue; one that
   * may come per recipient may be missing here.
   */
  readVariables(name: string, given: Record<string, unknown>): ReadVariables;
  /**
   * Checks one person's own variables against the campaign's checked ones: what may come per recipient must come
   * from one of the two. Other keys are left out: a CSV has columns of its own.
   */
  readRecipient(
    name: string,
    campaign: CampaignVariables,
    given: Readonly<Record<string, string>>,
  ): ReadVariables;
  /** The moment that must lie ahead when the campaign starts, if the template counts down to one. */
  deadline(name: string, campaign: CampaignVariables): Date | null;
  /** Freezes a campaign with its checked variables. Throws a TemplateError when it has no text for the channel. */
  freeze(
    name: string,
    channel: CampaignChannel,
    campaign: CampaignVariables,
    own: CampaignOwner,
  ): FrozenCampaign;
  /** Why a text that somebody wrote must not be sent as it is; nothing for those of the product. */
  problems(name: string): VariableIssue[];
  /** The invented campaign of `sample.json`: its variables, its owner and one person. */
  sample(name: string): CampaignSample;
};

/** A whole invented campaign for previews and tests. */
export type CampaignSample = {
  variables: Record<string, unknown>;
  own: Omit<CampaignOwner, 'timeZone'>;
  recipient: { name: string };
};

const TEXTS = join(import.meta.dirname, '..', 'texts');
const sampleSchema = z.looseObject({
  brand: z.string(),
  supportEmail: z.string().nullable().default(null),
  name: z.string().default(''),
});

let loaded: Promise<CampaignTemplates> | null = null;

/**
 * Reads, compiles and checks the campaign templates, once per process. Throws a TemplateError naming the file and
 * the problem. `folder` replaces `texts/` and is not cached; neither is what knows texts of people's own, which are
 * looked for in `own` each time: whoever keeps it may change it. A name of the product's goes before one of theirs.
 */
export function loadCampaignTemplates(
  folder?: string,
  own?: ReadonlyMap<string, CampaignTemplate>,
): Promise<CampaignTemplates> {
  if (folder !== undefined || own !== undefined) return load(folder ?? TEXTS, own);
  loaded ??= load(TEXTS);
  return loaded;
}

async function load(
  folder: string,
  own: ReadonlyMap<string, CampaignTemplate> = new Map(),
): Promise<CampaignTemplates> {
  const texts = await readTextsFolder(folder);
  const builtIn = new Map<string, CampaignTemplate>(
    campaignTemplateNames.map((name) => [
      name,
      { definition: definitionOf(name), files: filesOf(texts, name) },
    ]),
  );
  const find = (name: string): CampaignTemplate => {
    const found = builtIn.get(name) ?? own.get(name);
    if (found === undefined) throw new TemplateError(`${name}: there is no such template`);
    return found;
  };
  const templates: CampaignTemplates = {
    list: () =>
      [...builtIn, ...[...own].filter(([name]) => !builtIn.has(name))].map(([name, each]) =>
        describe(name, each),
      ),
    readVariables: (name, given) => readVariables(find(name).definition, given),
    readRecipient: (name, campaign, given) =>
      readRecipient(find(name).definition, { campaign, given }),
    deadline: (name, campaign) => {
      const moment = countdownOf(find(name).definition, campaign);
      return moment === null ? null : new Date(moment);
    },
    freeze: (name, channel, campaign, owner) =>
      freezeTemplate(texts, { name, template: find(name), channel, campaign, own: owner }),
    problems: (name) => find(name).own?.problems ?? [],
    sample: (name) => sampleOf(find(name).files),
  };
  for (const [name, template] of builtIn) checkTemplate(texts, templates, { name, ...template });
  return templates;
}

/** Renders the sample in every channel, and finds a wrong variable in a branch that the sample does not reach. */
function checkTemplate(
  texts: TextsFolder,
  templates: CampaignTemplates,
  { name, files }: CampaignTemplate & { name: string },
): void {
  const { variables, own, recipient } = templates.sample(name);
  const read = templates.readVariables(name, variables);
  if (read.issues) {
    const problems = read.issues.map(({ path, message }) => `${path}: ${message}`);
    throw new TemplateError(`${name}/sample.json: ${problems.join('; ')}`);
  }
  for (const channel of channelsOf(files)) {
    const owner = { ...own, timeZone: 'Asia/Almaty' };
    const frozen = templates.freeze(name, channel, read.variables, owner);
    const known = [...Object.keys(frozen.view), 'countdown'];
    const { mail, sms } = files;
    if (mail) checkMailVariables({ ...mail, layoutText: texts.layoutText }, known);
    if (sms) checkVariables(sms, known);
    const thawed = thawCampaign(frozen);
    const person = { ...recipient, variables: {} };
    if (channel === 'email') thawed.mail(person, new Date(0));
    else thawed.sms(person, new Date(0));
  }
}

function channelsOf({ mail, sms }: TemplateFiles): CampaignChannel[] {
  return [...(mail ? ['email' as const] : []), ...(sms ? ['sms' as const] : [])];
}

function describe(
  name: string,
  { definition, files, own }: CampaignTemplate,
): CampaignTemplateInfo {
  const { variables, perRecipient } = definition;
  return {
    name,
    own: own ? { title: own.title, version: own.version } : null,
    channels: channelsOf(files),
    variables: Object.entries(variables).map(([variable, type]) => ({
      name: variable,
      required: !type.safeParse(undefined).success,
      perRecipient: perRecipient.includes(variable),
      description: z.globalRegistry.get(type)?.description ?? '',
    })),
  };
}

function sampleOf({ sample }: TemplateFiles): CampaignSample {
  const { brand, supportEmail, name: person, ...variables } = sampleSchema.parse(sample);
  return { variables, own: { brand, supportEmail }, recipient: { name: person } };
}

function filesOf(texts: TextsFolder, name: string): TemplateFiles {
  const files = texts.templates.get(name);
  if (files === undefined) throw new TemplateError(`${name}: there is no such template`);
  return files;
}
