/** What people would get of a text, for an invented person: exactly as the sender makes it. */
import { freezeTemplate } from '../freeze-template.ts';
import { thawCampaign } from '../frozen-campaign.ts';
import type { RenderedMail, RenderedSms } from '../render.ts';
import type { TemplateFiles } from '../template-files.ts';
import { frame, ownTemplate } from './own-template.ts';
import { isLinkName } from './placeholders.ts';

export interface Shown {
  mail: RenderedMail | null;
  sms: RenderedSms | null;
}

/** Whom a text is shown for; what is left out is invented. */
export interface ShownFor {
  /** Null is somebody without a name. */
  name?: string | null;
  brand?: string;
  supportEmail?: string | null;
  /** Where landing-api is reached: links of our own begin with it. */
  publicUrl?: string;
}

const SAMPLE_URL = 'https://leadwire.kz';
/** The way out of somebody who is shown a mail: it leads nowhere. */
export const SAMPLE_WAY_OUT = '/u/sample';

/** Throws a TemplateError for what cannot be filled in. */
export async function showOwnText(
  files: TemplateFiles,
  { name = 'Айгерим', brand = 'Leadwire', supportEmail = null, publicUrl = SAMPLE_URL }: ShownFor,
): Promise<Shown> {
  const { layoutText } = await frame();
  const template = ownTemplate(files, { title: '', version: 0, problems: [] });
  const values = Object.keys(template.definition.variables).map((variable) => [
    variable,
    isLinkName(variable) ? `${publicUrl}/` : `[${variable}]`,
  ]);
  const campaign = Object.fromEntries(values) as Record<string, string>;
  const own = { brand, supportEmail, timeZone: 'Asia/Almaty' };
  const thaw = (channel: 'email' | 'sms') =>
    thawCampaign(
      freezeTemplate({ layoutText }, { name: 'text', template, channel, campaign, own }),
    );
  const person = { name, variables: {}, unsubscribeUrl: `${publicUrl}${SAMPLE_WAY_OUT}` };
  const at = new Date(0);
  return {
    mail: files.mail && thaw('email').mail(person, at),
    sms: files.sms && thaw('sms').sms(person, at),
  };
}
