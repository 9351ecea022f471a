/** Makes of a template and checked variables the one JSON value from which a campaign is rendered. */
import type { AnyCampaignDefinition } from './campaign-data.ts';
import type { CampaignVariables, VariableIssue } from './campaign-variables.ts';
import type { CampaignChannel, FrozenCampaign } from './frozen-campaign.ts';
import { withoutLineBreaks } from './render.ts';
import { TemplateError } from './template-error.ts';
import type { TemplateFiles, TextsFolder } from './template-files.ts';

/** What every campaign shares: the sender's name, where answers go, the zone in which its times are told. */
export type CampaignOwner = { brand: string; supportEmail: string | null; timeZone: string };

/** A template with all that is needed to make campaigns of it. */
export type CampaignTemplate = {
  definition: AnyCampaignDefinition;
  files: TemplateFiles;
  /** Of texts that people write: which of their versions this is, and why it cannot be sent as it is. */
  own?: { title: string; version: number; problems: VariableIssue[] };
};

/** What the frame and the person add to a template's own variables. */
const ALWAYS_THERE = ['brand', 'supportEmail', 'unsubscribeUrl', 'isAccountMail', 'name'];

/** What is frozen, and for whom. */
interface Freezing {
  name: string;
  template: CampaignTemplate;
  channel: CampaignChannel;
  campaign: CampaignVariables;
  own: CampaignOwner;
}

/** Throws a TemplateError when the template has no text for the channel. */
export function freezeTemplate(
  texts: Pick<TextsFolder, 'layoutText'>,
  { name, template, channel, campaign, own }: Freezing,
): FrozenCampaign {
  const { definition, files } = template;
  const { mail, sms } = files;
  if ((channel === 'email' ? mail : sms) === null) {
    throw new TemplateError(`${name}: this template has no text for ${channel}`);
  }
  const words = definition.words?.(campaign as never, own.timeZone) ?? {};
  const nothing = [...ALWAYS_THERE, ...definition.perRecipient].map((key) => [key, null] as const);
  const { brand, supportEmail, timeZone } = own;
  const view = { ...Object.fromEntries(nothing), ...campaign, ...words, brand, supportEmail };
  return {
    version: 1,
    template: name,
    ...(template.own && { textVersion: template.own.version }),
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

/** The moment that a template counts down to, as ISO text. */
export function countdownOf(
  { countdownTo }: AnyCampaignDefinition,
  campaign: CampaignVariables,
): string | null {
  const moment = countdownTo === undefined ? null : campaign[countdownTo];
  return typeof moment === 'string' ? moment : null;
}
