/** A campaign as it was when it started, kept as JSON, and what is rendered from it. */
import { z } from 'zod';

import { createLiquid, parseLiquid } from './liquid-text.ts';
import { createMailMould, markableIn, type OwnStrings, type WrapMail } from './mail-mould.ts';
import { fillInMail, renderMailTexts, renderSmsText, withoutLineBreaks } from './render.ts';
import type { MailTexts, RenderedMail, RenderedSms } from './render.ts';
import { countdown } from './russian-time.ts';
import { TemplateError } from './template-error.ts';
import { toGreetingName } from './user-text.ts';

/** How a campaign reaches people. */
export type CampaignChannel = 'email' | 'sms';

/** The compiled texts and the checked variables; nothing in it is anybody's contact. */
export const frozenCampaignSchema = z.object({
  version: z.literal(1),
  template: z.string(),
  /** Of a text that people wrote: which of its versions this is. */
  textVersion: z.int().optional(),
  /** In which days are counted. */
  timeZone: z.string(),
  /** The moment that `countdown` counts to, or null. */
  countdownTo: z.iso.datetime().nullable(),
  view: z.record(z.string(), z.unknown()),
  mail: z
    .object({ subject: z.string(), html: z.string(), text: z.string(), layoutText: z.string() })
    .nullable(),
  sms: z.string().nullable(),
});
export type FrozenCampaign = z.infer<typeof frozenCampaignSchema>;

/** One person; `variables` are those that `readRecipient` returned. */
export type CampaignRecipient = {
  name: string | null;
  variables: Readonly<Record<string, unknown>>;
  unsubscribeUrl?: string | null;
};

/** What is each person's own beside the variables of their row; the countdown is a batch's. */
const PERSONAL = ['name', 'unsubscribeUrl', 'countdown'];

/**
 * Renders for one person. The same person and the same `at` give the same bytes, so `at` has to be kept with what was
 * sent: it is the moment that days are counted from. All throw a TemplateError where there is no text for a channel.
 */
export type ThawedCampaign = {
  mail(recipient: CampaignRecipient, at: Date): RenderedMail;
  /** A renderer of the same mails as the bytes of `JSON.stringify(wrap(mail, own))`, in pieces. */
  inJson<Own extends OwnStrings>(
    wrap: WrapMail<Own>,
  ): (recipient: CampaignRecipient, at: Date, own: Own) => Buffer[];
  sms(recipient: CampaignRecipient, at: Date): RenderedSms;
};

/** Parses a frozen campaign, once for many people. Throws a TemplateError when it is none. */
export function thawCampaign(frozen: unknown): ThawedCampaign {
  const read = frozenCampaignSchema.safeParse(frozen);
  if (!read.success) throw new TemplateError(`frozen campaign: ${z.prettifyError(read.error)}`);
  const { mail, sms, view, template, countdownTo, timeZone } = read.data;
  const mailTexts = mail === null ? null : parseMail(template, mail);
  const smsText =
    sms === null ? null : parseLiquid(createLiquid('text'), `${template}/sms.txt`, sms);

  // Half of the time of a text, and the same for everybody of a batch.
  let counted: { at: number; words: string | null } | undefined;
  const countdownAt = (at: Date): string | null => {
    if (countdownTo === null) return null;
    if (counted?.at !== at.getTime()) {
      counted = { at: at.getTime(), words: countdown(countdownTo, at, timeZone) };
    }
    return counted.words;
  };

  const viewFor = ({ name, variables, unsubscribeUrl }: CampaignRecipient, at: Date) => ({
    ...view,
    ...(withoutLineBreaks(variables) as Record<string, unknown>),
    name: toGreetingName(name ?? ''),
    unsubscribeUrl: unsubscribeUrl ? new URL(unsubscribeUrl).href : null,
    countdown: countdownAt(at),
  });

  // By the names of the variables that people bring: what is the same for all of them is rendered once.
  const filledIn = new Map<string, ReturnType<typeof fillIn>>();
  const fillIn = (variables: readonly string[]) => {
    if (mailTexts === null) throw new TemplateError(`${template}: no mail was frozen`);
    const open = [...PERSONAL, ...variables];
    const markable = markableIn(mailTexts, open);
    return { open, markable, texts: fillInMail(mailTexts, view, open) };
  };
  const mailFor = ({ variables }: CampaignRecipient) => {
    const names = Object.keys(variables);
    const key = names.toSorted().join();
    const known = filledIn.get(key) ?? fillIn(names);
    filledIn.set(key, known);
    return known;
  };

  return {
    mail: (recipient, at) => renderMailTexts(mailFor(recipient).texts, viewFor(recipient, at)),
    inJson(wrap) {
      const mould = createMailMould(wrap);
      return (recipient, at, own) =>
        mould({ ...mailFor(recipient), view: viewFor(recipient, at), own });
    },
    sms(recipient, at) {
      if (smsText === null) throw new TemplateError(`${template}: no SMS was frozen`);
      return renderSmsText(smsText, viewFor(recipient, at));
    },
  };
}

function parseMail(template: string, mail: NonNullable<FrozenCampaign['mail']>): MailTexts {
  const text = createLiquid('text');
  return {
    subject: parseLiquid(text, `${template}/subject.txt`, mail.subject),
    html: parseLiquid(createLiquid('html'), `${template}/mail.mjml`, mail.html),
    text: parseLiquid(text, `${template}/mail.txt`, mail.text),
    layoutText: parseLiquid(text, 'layout.txt', mail.layoutText),
  };
}
