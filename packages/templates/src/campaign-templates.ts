/**
 * Mails and SMS of campaigns. A campaign is frozen when it starts: compiled texts and checked variables become one
 * JSON value, and what is rendered from it later has the same bytes whatever has become of the files.
 */
import { join } from 'node:path';

import { z } from 'zod';

import { campaignTemplateNames, definitionOf } from './campaign-data.ts';
import type { AnyCampaignDefinition, CampaignTemplateName } from './campaign-data.ts';
import { thawCampaign } from './frozen-campaign.ts';
import type { CampaignChannel, FrozenCampaign } from './frozen-campaign.ts';
import { checkMailVariables, checkVariables, withoutLineBreaks } from './render.ts';
import { TemplateError } from './template-error.ts';
import { readTextsFolder } from './template-files.ts';
import type { TemplateFiles, TextsFolder } from './template-files.ts';

export { campaignTemplateNames, isCampaignTemplate } from './campaign-data.ts';
export type { CampaignTemplateName } from './campaign-data.ts';

/** What is wrong with one variable; `path` is its name. Carries nothing of what was given. */
export type VariableIssue = { path: string; message: string };

/** Variables by name. From `readVariables` and `readRecipient` they are checked and as the text files see them. */
export type CampaignVariables = Record<string, unknown>;

/** Either the checked variables, or everything that is wrong with them. */
export type ReadVariables =
  | { variables: CampaignVariables; issues?: undefined }
  | { issues: VariableIssue[]; variables?: undefined };

/** What every campaign shares: the sender's name, where answers go, the zone in which its times are told. */
export type CampaignOwner = { brand: string; supportEmail: string | null; timeZone: string };

/** What a template asks for, for those who make campaigns. */
export type CampaignTemplateInfo = {
  name: CampaignTemplateName;
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
  readVariables(name: CampaignTemplateName, given: Record<string, unknown>): ReadVariables;
  /**
   * Checks one person's own variables against the campaign's checked ones: what may come per recipient must come
   * from one of the two. Other keys are left out: a CSV has columns of its own.
   */
  readRecipient(
    name: CampaignTemplateName,
    campaign: CampaignVariables,
    given: Readonly<Record<string, string>>,
  ): ReadVariables;
  /** The moment that must lie ahead when the campaign starts, if the template counts down to one. */
  deadline(name: CampaignTemplateName, campaign: CampaignVariables): Date | null;
  /** Freezes a campaign with its checked variables. Throws a TemplateError when it has no text for the channel. */
  freeze(
    name: CampaignTemplateName,
    channel: CampaignChannel,
    campaign: CampaignVariables,
    own: CampaignOwner,
  ): FrozenCampaign;
  /** The invented campaign of `sample.json`: its variables, its owner and one person. */
  sample(name: CampaignTemplateName): CampaignSample;
};

/** A whole invented campaign for previews and tests. */
export type CampaignSample = {
  variables: Record<string, unknown>;
  own: Omit<CampaignOwner, 'timeZone'>;
  recipient: { name: string };
};

const TEXTS = join(import.meta.dirname, '..', 'texts');
/** What the frame and the person add to a template's own variables. */
const ALWAYS_THERE = ['brand', 'supportEmail', 'unsubscribeUrl', 'isAccountMail', 'name'];

const sampleSchema = z.looseObject({
  brand: z.string(),
  supportEmail: z.string().nullable().default(null),
  name: z.string().default(''),
});

let loaded: Promise<CampaignTemplates> | null = null;

/**
 * Reads, compiles and checks the campaign templates, once per process. Throws a TemplateError naming the file and
 * the problem. `folder` replaces `texts/` and is not cached.
 */
export function loadCampaignTemplates(folder?: string): Promise<CampaignTemplates> {
  if (folder !== undefined) return load(folder);
  loaded ??= load(TEXTS);
  return loaded;
}

async function load(folder: string): Promise<CampaignTemplates> {
  const texts = await readTextsFolder(folder);
  const templates: CampaignTemplates = {
    list: () => campaignTemplateNames.map((name) => describe(texts, name)),
    readVariables,
    readRecipient,
    deadline: (name, campaign) => {
      const moment = countdownOf(definitionOf(name), campaign);
      return moment === null ? null : new Date(moment);
    },
    freeze: (name, channel, campaign, own) => freeze(texts, { name, channel, campaign, own }),
    sample: (name) => sampleOf(texts, name),
  };
  for (const name of campaignTemplateNames) checkTemplate(texts, templates, name);
  return templates;
}

/** Renders the sample in every channel, and finds a wrong variable in a branch that the sample does not reach. */
function checkTemplate(
  texts: TextsFolder,
  templates: CampaignTemplates,
  name: CampaignTemplateName,
): void {
  const { variables, own, recipient } = templates.sample(name);
  const read = readVariables(name, variables);
  if (read.issues) {
    const problems = read.issues.map(({ path, message }) => `${path}: ${message}`);
    throw new TemplateError(`${name}/sample.json: ${problems.join('; ')}`);
  }
  for (const channel of describe(texts, name).channels) {
    const timeZone = 'Asia/Almaty';
    const frozen = freeze(texts, {
      name,
      channel,
      campaign: read.variables,
      own: { ...own, timeZone },
    });
    const known = [...Object.keys(frozen.view), 'countdown'];
    const { mail, sms } = filesOf(texts, name);
    if (mail) checkMailVariables({ ...mail, layoutText: texts.layoutText }, known);
    if (sms) checkVariables(sms, known);
    const thawed = thawCampaign(frozen);
    const person = { ...recipient, variables: {} };
    if (channel === 'email') thawed.mail(person, new Date(0));
    else thawed.sms(person, new Date(0));
  }
}

function describe(texts: TextsFolder, name: CampaignTemplateName): CampaignTemplateInfo {
  const { mail, sms } = filesOf(texts, name);
  const { variables, perRecipient } = definitionOf(name);
  return {
    name,
    channels: [...(mail ? ['email' as const] : []), ...(sms ? ['sms' as const] : [])],
    variables: Object.entries(variables).map(([variable, type]) => ({
      name: variable,
      required: !type.safeParse(undefined).success,
      perRecipient: perRecipient.includes(variable),
      description: z.globalRegistry.get(type)?.description ?? '',
    })),
  };
}

function readVariables(name: CampaignTemplateName, given: Record<string, unknown>): ReadVariables {
  const { variables, perRecipient } = definitionOf(name);
  const unknown = Object.keys(given)
    .filter((key) => !Object.hasOwn(variables, key))
    .map((key) => ({
      path: key,
      message: `no such variable; there are ${Object.keys(variables).join(', ')}`,
    }));
  const read = readEach(Object.entries(variables), (variable) => {
    const value = given[variable] === '' ? undefined : given[variable];
    return value === undefined && perRecipient.includes(variable) ? skip : value;
  });
  const issues = [...unknown, ...(read.issues ?? [])];
  return issues.length > 0 || read.issues ? { issues } : read;
}

function readRecipient(
  name: CampaignTemplateName,
  campaign: CampaignVariables,
  given: Readonly<Record<string, string>>,
): ReadVariables {
  const { variables, perRecipient } = definitionOf(name);
  const own = perRecipient.map((variable) => [variable, variables[variable]] as const);
  return readEach(own, (variable) => {
    const value = Object.hasOwn(given, variable) ? given[variable]?.trim() : undefined;
    if (value !== undefined && value !== '') return value;
    return campaign[variable] === undefined ? undefined : skip;
  });
}

/** Stands for a value that is not asked for here. */
const skip = Symbol('skip');

function readEach(
  types: readonly (readonly [string, z.ZodType | undefined])[],
  valueOf: (variable: string) => unknown,
): ReadVariables {
  const read: CampaignVariables = {};
  const issues: VariableIssue[] = [];
  for (const [variable, type] of types) {
    const value = valueOf(variable);
    if (value === skip || type === undefined) continue;
    const parsed = type.safeParse(value);
    if (parsed.success) read[variable] = parsed.data;
    else if (value === undefined) issues.push({ path: variable, message: 'missing' });
    else issues.push(...parsed.error.issues.map(({ message }) => ({ path: variable, message })));
  }
  return issues.length > 0 ? { issues } : { variables: read };
}

function freeze(
  texts: TextsFolder,
  {
    name,
    channel,
    campaign,
    own,
  }: {
    name: CampaignTemplateName;
    channel: CampaignChannel;
    campaign: CampaignVariables;
    own: CampaignOwner;
  },
): FrozenCampaign {
  const { mail, sms } = filesOf(texts, name);
  if ((channel === 'email' ? mail : sms) === null) {
    throw new TemplateError(`${name}: this template has no text for ${channel}`);
  }
  const definition = definitionOf(name);
  const words = definition.words?.(campaign as never, own.timeZone) ?? {};
  const nothing = [...ALWAYS_THERE, ...definition.perRecipient].map((key) => [key, null] as const);
  const { brand, supportEmail, timeZone } = own;
  const view = { ...Object.fromEntries(nothing), ...campaign, ...words, brand, supportEmail };
  return {
    version: 1,
    template: name,
    timeZone,
    countdownTo: countdownOf(definition, campaign),
    view: withoutLineBreaks(view) as Record<string, unknown>,
    mail:
      channel === 'email' && mail
        ? {
            subject: mail.subject.source,
            html: mail.html.source,
            text: mail.text.source,
            layoutText: texts.layoutText.source,
          }
        : null,
    sms: channel === 'sms' && sms ? sms.source : null,
  };
}

function countdownOf(
  { countdownTo }: AnyCampaignDefinition,
  campaign: CampaignVariables,
): string | null {
  const moment = countdownTo === undefined ? null : campaign[countdownTo];
  return typeof moment === 'string' ? moment : null;
}

function sampleOf(texts: TextsFolder, name: CampaignTemplateName): CampaignSample {
  const {
    brand,
    supportEmail,
    name: person,
    ...variables
  } = sampleSchema.parse(filesOf(texts, name).sample);
  return { variables, own: { brand, supportEmail }, recipient: { name: person } };
}

function filesOf(texts: TextsFolder, name: CampaignTemplateName): TemplateFiles {
  const files = texts.templates.get(name);
  if (files === undefined) throw new TemplateError(`${name}: there is no such template`);
  return files;
}
