/** What the platform may ask to be told: one schema for each type. Strict, so that a misspelt field is noticed. */
import { z } from 'zod';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import type { PlatformMessage } from '@leadwire/shared/contract/messages';

const LONGEST_NAME = 200;
const LONGEST_URL = 2_000;
const DAY_MS = 24 * 60 * 60_000;
/** A link waits no longer in the broker (bucket message_links: 31 days). */
const LATEST_SEND_MS = 30 * DAY_MS;

const ADDRESS = 'expected a mail address';
export const email = z.string(ADDRESS).transform((typed, context) => {
  const read = readEmail(typed).email;
  if (read !== null) return read;
  context.addIssue({ code: 'custom', message: ADDRESS });
  return z.NEVER;
});
const PHONE = 'expected a phone number';
export const phone = z.union([z.string(), z.number()], PHONE).transform((typed, context) => {
  const read = readPhone(String(typed));
  if (read.isUsable && read.phone !== null) return { number: read.phone, issue: read.issue };
  context.addIssue({ code: 'custom', message: PHONE });
  return z.NEVER;
});
/** Left out, null and empty are the same: forms and databases write all three. */
export const orNothing = <T extends z.ZodType>(type: T) =>
  z.preprocess((given) => (given === '' ? null : given), type.nullish());
const text = (what: string, longest: number) =>
  z
    .string(`expected ${what}`)
    .transform((typed) => cleanLine(typed, longest))
    .pipe(z.string().min(1, `expected ${what}`));
/** An address that a mail may point to. */
export const link = (what: string) =>
  z
    .url({ protocol: /^https?$/, error: `expected ${what}: https://…` })
    .max(LONGEST_URL, `expected at most ${LONGEST_URL} characters`);
const MOMENT = 'expected a moment with its offset: 2026-11-27T19:00:00+05:00';
const moment = z.iso
  .datetime({ offset: true, error: MOMENT })
  .transform((given) => new Date(given).toISOString());

const name = z
  .string('expected a name')
  .nullish()
  .transform((typed) => cleanLine(typed ?? '', LONGEST_NAME));
const common = { sendAt: moment.optional().meta({ description: 'At once when left out.' }) };
const byMail = z.strictObject({ email, phone: orNothing(phone), name });
const anyWay = z
  .strictObject({ email: orNothing(email), phone: orNothing(phone), name })
  .refine((to) => to.email != null || to.phone != null, {
    path: ['email'],
    error: 'expected an email or a phone',
  });

/** Of one message. `canLinkBeMade`: Supabase Auth makes the link of a welcome that comes without one. */
export function messageBody(canLinkBeMade: boolean) {
  const setPasswordUrl = link('the page where the person sets a password');
  return z.discriminatedUnion(
    'type',
    [
      z.strictObject({
        ...common,
        type: z.literal('welcome'),
        to: byMail,
        data: canLinkBeMade
          ? z.strictObject({ setPasswordUrl: setPasswordUrl.optional() }).default({})
          : z.strictObject({ setPasswordUrl }),
      }),
      z.strictObject({
        ...common,
        type: z.literal('email_changed'),
        // Both addresses are in the data; this one may be left out.
        to: z.strictObject({ email: orNothing(email), phone: orNothing(phone), name }).default({
          name: '',
        }),
        data: z.strictObject({ oldEmail: email, newEmail: email, changedAt: moment }),
      }),
      z.strictObject({
        ...common,
        type: z.literal('password_changed'),
        to: anyWay,
        data: z.strictObject({ changedAt: moment }),
      }),
      z.strictObject({
        ...common,
        type: z.literal('certificate_issued'),
        to: byMail,
        data: z.strictObject({
          course: text('the name of the course', 120),
          certificateUrl: link('the page of the certificate'),
          number: text('the number of the certificate', 60),
          issuedAt: moment,
        }),
      }),
    ],
    { error: 'expected welcome, email_changed, password_changed or certificate_issued' },
  );
}
export type MessageBody = z.infer<ReturnType<typeof messageBody>>;

/** What is stored of a message, and the link of its mail, which is stored apart. */
export interface ReadMessage {
  content: Pick<PlatformMessage, 'type' | 'to' | 'contactIssues' | 'data'>;
  sendAt: string | undefined;
  link: string | undefined;
}

/** Takes the link out and puts the contacts into one form. */
export function readMessageBody(body: MessageBody): ReadMessage {
  const { type, to, sendAt } = body;
  const { setPasswordUrl, certificateUrl, ...data } = body.data as Record<string, string>;
  const issue = to.phone?.issue;
  return {
    content: {
      type,
      to: { name: to.name, email: to.email ?? null, phone: to.phone?.number ?? null },
      contactIssues: issue === 'phone_invalid' ? [issue] : [],
      data,
    },
    sendAt,
    link: setPasswordUrl ?? certificateUrl,
  };
}

/** Why this moment is no moment to send at, or undefined. */
export function sendAtProblem(sendAt: string | undefined, now: Date): string | undefined {
  const isTooLate = sendAt !== undefined && Date.parse(sendAt) - now.getTime() > LATEST_SEND_MS;
  return isTooLate ? 'expected a moment within the next 30 days' : undefined;
}
