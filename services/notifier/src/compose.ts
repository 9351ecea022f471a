/** From a due notification to the texts that a person will read. */
import { PermanentError } from '@leadwire/shared/errors';
import type { LeadKind } from '@leadwire/shared/contract/events';
import { LONGEST_CODE } from '@leadwire/shared/delivery/short-links';
import {
  templateNames,
  type RenderedMail,
  type TemplateName,
  type Templates,
} from '@leadwire/templates/templates';
import type { Due } from './channel.ts';

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

/**
 * @throws Error when PUBLIC_BASE_URL or BRAND_NAME make an SMS longer than one segment: each lead
 * would be billed twice.
 */
export function createComposer(options: ComposerOptions): Composer {
  const { templates, brand, supportEmail, publicBaseUrl } = options;
  const shortLinkOf = (code: string) => `${publicBaseUrl}/s/${code}`;

  const longestLink = shortLinkOf('x'.repeat(LONGEST_CODE));
  for (const name of templateNames) {
    const longest = templates.longestSms(name, { brand, shortLink: longestLink });
    if (longest.segments > 1) {
      throw new Error(
        `PUBLIC_BASE_URL and BRAND_NAME are too long: the SMS "${name}" would take ${longest.segments} segments (${longest.text.length} of 70 characters)`,
      );
    }
  }

  const dataOf = ({ lead, shortLink }: Due) => ({
    brand,
    supportEmail: supportEmail ?? null,
    name: lead.contactIssues.includes('name_missing') ? '' : lead.name,
    // The mail's own short link as well: its clicks are counted the same way.
    link: shortLinkOf(shortLink.code),
    shortLink: shortLinkOf(shortLink.code),
    answers: lead.answers,
    paymentMethod: lead.paymentMethod,
    course: courseOf(lead.metadata),
  });

  return {
    mail: (due) => templates.renderMail(templateOf(due), dataOf(due)),
    sms: (due) => templates.renderSms(templateOf(due), dataOf(due)).text,
  };
}

/** Forms that sell several courses say which one in a field of this name. */
function courseOf(metadata: Due['lead']['metadata']): string | null {
  return typeof metadata['course'] === 'string' ? metadata['course'] : null;
}

/** @throws PermanentError for a template that this version does not have. */
function templateOf({ template }: Due): TemplateName {
  const known = templateNames.find((name) => name === template);
  if (known) return known;
  throw new PermanentError('unknown_template', `there is no template ${template}`);
}
