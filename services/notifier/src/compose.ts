/** From a due notification to the texts that a person will read. */
import type { MessageType, PlatformMessage } from '@leadwire/shared/contract/messages';
import { linkPlaceholder } from '@leadwire/shared/delivery/secret-links';
import { PermanentError } from '@leadwire/shared/errors';
import type { LeadKind, PersonalChannel } from '@leadwire/shared/contract/events';
import { LONGEST_CODE } from '@leadwire/shared/delivery/short-links';
import {
  templateNames,
  type RenderedMail,
  type TemplateName,
  type Templates,
} from '@leadwire/templates/templates';
import type { Due, Recipient } from './channel.ts';

export interface Composer {
  mail(due: Due): RenderedMail;
  sms(due: Due): string;
}

export interface ComposerOptions {
  templates: Templates;
  brand: string;
  supportEmail: string | undefined;
  /** Address under which short links are reached. */
  publicBaseUrl: string;
}

/** The templates that each kind of lead gets: the whole plan of what is sent. */
export const messagesFor = {
  proftest: [
    { channel: 'email', template: 'proftest-result' },
    { channel: 'sms', template: 'proftest-result' },
  ],
  purchase: [
    { channel: 'email', template: 'course-purchase' },
    { channel: 'sms', template: 'course-purchase' },
  ],
  // A manager calls: that is all these people asked for.
  request: [],
} as const satisfies Record<
  LeadKind,
  readonly { channel: 'email' | 'sms'; template: TemplateName }[]
>;

interface MessagePlan {
  channel: PersonalChannel;
  template: TemplateName;
  /** The datum that has the address; the message's own `to` when absent. */
  addressIn?: string;
}

/** The same for each message of the platform. */
export const messagesOf: Record<MessageType, readonly MessagePlan[]> = {
  welcome: [{ channel: 'email', template: 'welcome' }],
  email_changed: [
    { channel: 'email', template: 'email-changed', addressIn: 'newEmail' },
    { channel: 'email', template: 'email-changed-old', addressIn: 'oldEmail' },
    { channel: 'sms', template: 'email-changed' },
  ],
  password_changed: [
    { channel: 'email', template: 'password-changed' },
    { channel: 'sms', template: 'password-changed' },
  ],
  certificate_issued: [
    { channel: 'email', template: 'certificate-issued' },
    { channel: 'sms', template: 'certificate-issued' },
  ],
  referral_commission: [
    { channel: 'email', template: 'referral-commission' },
    { channel: 'sms', template: 'referral-commission' },
  ],
};

/** Whoever a due message is written to. @throws PermanentError when it is made from nothing. */
export function recipientOf({ lead, message, template }: Due): Recipient {
  if (message) return personOf(message, template);
  if (lead) return lead;
  throw new PermanentError('no_content', 'the message has neither a lead nor a message in it');
}

/** Whoever a message's delivery goes to. */
export function personOf(
  { type, to, data, contactIssues }: PlatformMessage,
  template: string,
): Recipient {
  const { addressIn } = messagesOf[type].find((plan) => plan.template === template) ?? {};
  const email = addressIn === undefined ? to.email : (data[addressIn] ?? null);
  return { email, phone: to.phone, contactIssues };
}

/**
 * @throws Error when PUBLIC_BASE_URL or BRAND_NAME make an SMS longer than one segment: each lead
 * would be billed twice.
 */
export function createComposer(options: ComposerOptions): Composer {
  const { templates, brand, supportEmail, publicBaseUrl } = options;
  const shortLinkOf = (code: string) => `${publicBaseUrl}/s/${code}`;
  for (const name of templateNames) refuseDearSms(templates, name, options);

  const frame = { brand, supportEmail: supportEmail ?? null };

  const dataOf = (due: Due) =>
    due.message ? { ...frame, ...messageData(due.message) } : { ...frame, ...leadData(due) };

  const leadData = ({ lead, shortLink }: Due) => {
    if (!lead || !shortLink) {
      throw new PermanentError('no_content', 'the message has no lead, or no link');
    }
    return {
      name: lead.contactIssues.includes('name_missing') ? '' : lead.name,
      // The mail's own short link as well: its clicks are counted the same way.
      link: shortLinkOf(shortLink.code),
      shortLink: shortLinkOf(shortLink.code),
      answers: lead.answers,
      paymentMethod: lead.paymentMethod,
      course: courseOf(lead.metadata),
    };
  };

  return {
    mail: (due) => templates.renderMail(templateOf(due), dataOf(due) as never),
    sms: (due) => templates.renderSms(templateOf(due), dataOf(due) as never).text,
  };
}

/** @throws Error when the template's SMS could become longer than one segment. */
export function refuseDearSms(
  templates: Templates,
  name: TemplateName,
  { brand, publicBaseUrl }: Pick<ComposerOptions, 'brand' | 'publicBaseUrl'>,
): void {
  if (!templates.hasSms(name)) return;
  const shortLink = `${publicBaseUrl}/s/${'x'.repeat(LONGEST_CODE)}`;
  const longest = templates.longestSms(name, { brand, shortLink });
  if (longest.segments <= 1) return;
  throw new Error(
    `PUBLIC_BASE_URL and BRAND_NAME are too long: the SMS "${name}" would take ${longest.segments} segments (${longest.text.length} of 70 characters)`,
  );
}

/** The link is put in when the mail is sent: see delivery/secret-links.ts. */
function messageData({ messageId, to, data }: PlatformMessage) {
  return { ...data, name: to.name, email: to.email, link: linkPlaceholder(messageId) };
}

/** Forms that sell several courses say which one in a field of this name. */
function courseOf(metadata: NonNullable<Due['lead']>['metadata']): string | null {
  return typeof metadata['course'] === 'string' ? metadata['course'] : null;
}

/** @throws PermanentError for a template that this version does not have. */
function templateOf({ template }: Due): TemplateName {
  const known = templateNames.find((name) => name === template);
  if (known) return known;
  throw new PermanentError('unknown_template', `there is no template ${template}`);
}
