import { z } from 'zod';

export type LastEvent =
  | 'queued'
  | 'scheduled'
  | 'sent'
  | 'delivered'
  | 'delivery_delayed'
  | 'bounced'
  | 'complained'
  | 'opened'
  | 'clicked'
  | 'failed'
  | 'canceled'
  | 'suppressed';

/** A mail as it was taken in; it never changes (its fate is in MailStatus). */
export type Mail = {
  id: string;
  messageId: string;
  from: string;
  to: string[];
  cc: string[] | null;
  bcc: string[] | null;
  replyTo: string[] | null;
  subject: string;
  html: string | null;
  text: string | null;
  headers: Record<string, string>;
  tags: { name: string; value: string }[];
  attachments: { filename: string; contentType: string | null; bytes: number }[];
  topicId: string | null;
  createdAt: number;
  idempotencyKey: string | null;
};

export type MailStatus = {
  id: string;
  lastEvent: LastEvent;
  scheduledAt: number | null;
  history: { event: LastEvent; at: number }[];
};

const oneOrMore = z.union([z.string(), z.array(z.string())]);
const nothing = z.null().transform(() => undefined);
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.union([schema, nothing]).optional();

/** The body of a mail on the wire (names as in resend-openapi), before its rules are looked at. */
export const mailBodySchema = z.object({
  from: optional(z.string()),
  to: optional(oneOrMore),
  cc: optional(oneOrMore),
  bcc: optional(oneOrMore),
  reply_to: optional(oneOrMore),
  subject: optional(z.string()),
  html: optional(z.string()),
  text: optional(z.string()),
  headers: optional(z.record(z.string(), z.string())),
  tags: optional(z.array(z.object({ name: z.string(), value: z.string() }))),
  attachments: optional(
    z.array(
      z.object({
        content: optional(z.string()),
        path: optional(z.string()),
        filename: optional(z.string()),
        content_type: optional(z.string()),
        content_id: optional(z.string()),
      }),
    ),
  ),
  scheduled_at: optional(z.string()),
  template: optional(
    z.object({ id: z.string(), variables: optional(z.record(z.string(), z.unknown())) }),
  ),
  topic_id: optional(z.string()),
});
export type MailBody = z.infer<typeof mailBodySchema>;

/** A checked mail, ready to be taken in. */
export type MailDraft = Omit<Mail, 'id' | 'messageId' | 'createdAt' | 'idempotencyKey'> & {
  scheduledAt: number | null;
};

/** `Имя <a@b.kz>` or `a@b.kz` -> `a@b.kz` in lower case. */
export function addressOf(mailbox: string): string {
  return (/<([^<>]*)>\s*$/.exec(mailbox)?.[1] ?? mailbox).trim().toLowerCase();
}

/** The part after the @. */
export function domainOf(mailbox: string): string {
  return addressOf(mailbox).split('@').at(-1) ?? '';
}

/** Everyone who gets the mail: each of them counts for the quota. */
export function recipientsOf(mail: Pick<Mail, 'to' | 'cc' | 'bcc'>): string[] {
  return [...mail.to, ...(mail.cc ?? []), ...(mail.bcc ?? [])];
}

/** Resend derives a text part when only html was given: tags out, entities back, blank lines kept short. */
export function textFromHtml(html: string): string {
  return html
    .replace(/<(style|script|head)[\s\S]*?<\/\1>/gi, '')
    .replace(/<(br|\/p|\/tr|\/h[1-6]|\/div|\/li)[^>]*>/gi, '\n')
    .replace(/<[^>]+>/g, '')
    .replace(/&nbsp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, '&')
    .replace(/[ \t]+/g, ' ')
    .replace(/\n\s*\n\s*/g, '\n\n')
    .trim();
}

/** As Resend prints times: `2026-04-03 22:13:42.674981+00`, a space and microseconds. */
export function wireTime(at: number): string {
  return `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')}000+00`;
}
