/** What a campaign would say to somebody: as it is now for a draft, as it was confirmed for any other. */
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import type { Channel } from '@leadwire/shared/contract/events';
import type { Database } from '@leadwire/shared/providers/supabase';
import type {
  CampaignOwner,
  CampaignTemplates,
  CampaignVariables,
} from '@leadwire/templates/campaign-templates';
import {
  thawCampaign,
  type FrozenCampaign,
  type ThawedCampaign,
} from '@leadwire/templates/frozen-campaign';
import { RequestError, type Issue } from '@leadwire/shared/service/http-problems';
import type { Campaign } from './campaign-store.ts';

/** What is shown of a name that is none. */
const LONGEST_NAME = 60;

export interface TextPorts {
  templates: CampaignTemplates;
  own: Omit<CampaignOwner, 'timeZone'>;
  database: Pick<Database, 'rowById'>;
}

/**
 * The template and its checked variables. @throws RequestError 422 that names an unknown template, a channel that it
 * has no text for, and every variable that is missing, unknown or wrong.
 */
export function readTexts(
  templates: CampaignTemplates,
  { template, channel, variables }: Pick<Campaign, 'template' | 'channel' | 'variables'>,
): { template: string; variables: CampaignVariables } {
  const known = templates.list();
  const info = known.find(({ name }) => name === template);
  if (info === undefined) {
    const names = known.map(({ name }) => name).join(', ');
    throw refusal(`there is no template ${cleanLine(template, LONGEST_NAME)}`, [
      { path: 'template', message: `there are ${names}` },
    ]);
  }
  if (!info.channels.includes(channel)) {
    const known = info.channels.join(', ') || 'none: it cannot be put together as it is';
    const message = `${template} has texts for ${known}`;
    throw refusal('the template has no text for this channel', [{ path: 'channel', message }]);
  }
  const read = templates.readVariables(template, variables);
  if (!read.issues) return { template, variables: read.variables };
  throw refusal(
    'the variables do not fit the template',
    read.issues.map(({ path, message }) => ({ path: `variables.${path}`, message })),
  );
}

/** What somebody wrote may be half done: it is sent when nothing forbids it. @throws RequestError 422. */
export function refuseUnfinished(
  templates: CampaignTemplates,
  { template }: Pick<Campaign, 'template'>,
): void {
  const problems = templates.problems(template);
  if (problems.length > 0) throw refusal('the text cannot be sent as it is', problems);
}

/** Compiles and freezes a draft. @throws RequestError as `readTexts`. */
export function freezeDraft(
  { templates, own }: Pick<TextPorts, 'templates' | 'own'>,
  campaign: Pick<Campaign, 'template' | 'channel' | 'variables' | 'timeZone' | 'subject'>,
): FrozenCampaign {
  const { template, variables } = readTexts(templates, campaign);
  const { channel, timeZone, subject } = campaign;
  const frozen = templates.freeze(template, channel, variables, { ...own, timeZone });
  if (subject === null || frozen.mail === null) return frozen;
  return { ...frozen, mail: { ...frozen.mail, subject } };
}

/** Renders for its people. @throws RequestError as `readTexts`; otherwise as `Database`. */
export async function thawTexts(ports: TextPorts, campaign: Campaign): Promise<ThawedCampaign> {
  if (campaign.status === 'draft') return thawCampaign(freezeDraft(ports, campaign));
  const row = await ports.database.rowById('campaigns', campaign.id);
  // A draft that was cancelled was never frozen.
  return thawCampaign(row?.['frozen'] ?? freezeDraft(ports, campaign));
}

/** The moment that texts are shown for: when the campaign begins, as far as that is known. */
export function shownAt({ scheduledFor, startedAt }: Campaign, now: Date): Date {
  return new Date(startedAt ?? scheduledFor ?? now);
}

/** A message about something that is over by then helps nobody. @throws RequestError 422. */
export function refuseTooLate(
  templates: CampaignTemplates,
  campaign: Pick<Campaign, 'template' | 'channel' | 'variables' | 'scheduledFor'>,
  now: Date,
): void {
  const { template, variables } = readTexts(templates, campaign);
  const deadline = templates.deadline(template, variables);
  const begins = new Date(campaign.scheduledFor ?? now);
  if (deadline === null || deadline > begins) return;
  const message = `${deadline.toISOString()} is over by then`;
  throw refusal('the campaign comes too late', [{ path: 'variables', message }]);
}

/** A time that has passed is a slip of the hand: the campaign would begin at once. @throws RequestError 422. */
export function refusePast(path: string, time: string | null | undefined, now: Date): void {
  if (time === null || time === undefined || new Date(time) > now) return;
  throw refusal('the campaign cannot begin in the past', [{ path, message: 'has passed already' }]);
}

/** What the channel's contacts are called in a list. */
export function contactKind(channel: Channel): 'email' | 'phone' {
  return channel === 'email' ? 'email' : 'phone';
}

function refusal(message: string, issues: Issue[]): RequestError {
  return new RequestError(422, message, issues);
}
