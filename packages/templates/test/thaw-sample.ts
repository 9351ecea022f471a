import type { CampaignTemplateName, CampaignTemplates } from '../src/campaign-templates.ts';
import { thawCampaign } from '../src/frozen-campaign.ts';
import type { CampaignRecipient } from '../src/frozen-campaign.ts';
import type { RenderedMail, RenderedSms } from '../src/templates.ts';

const WEEK_MS = 7 * 24 * 60 * 60_000;

/** What the invented campaign's person gets, a week before its deadline unless told otherwise. */
export function thawSample(
  templates: CampaignTemplates,
  name: CampaignTemplateName,
  change: {
    variables?: Record<string, unknown>;
    recipient?: Partial<CampaignRecipient>;
    at?: Date;
  } = {},
): { mail: RenderedMail; sms: RenderedSms } {
  const { variables, own, recipient } = templates.sample(name);
  const read = templates.readVariables(name, { ...variables, ...change.variables });
  if (read.issues) throw new Error(JSON.stringify(read.issues));
  const deadline = templates.deadline(name, read.variables)?.getTime() ?? 0;
  const at = change.at ?? new Date(deadline - WEEK_MS);
  const person = { ...recipient, variables: {}, ...change.recipient };
  const owner = { ...own, timeZone: 'Asia/Almaty' };
  // Through JSON, as it is kept in the database.
  const thaw = (channel: 'email' | 'sms') =>
    thawCampaign(
      JSON.parse(JSON.stringify(templates.freeze(name, channel, read.variables, owner))),
    );
  return { mail: thaw('email').mail(person, at), sms: thaw('sms').sms(person, at) };
}
