/** What somebody writes without a developer: a mail of blocks (or MJML, for owners), an SMS, or both under one name. */
import { z } from 'zod';

const MOST_BLOCKS = 60;
const LONGEST_PARAGRAPH = 5_000;
const LONGEST_LINE = 300;
const LONGEST_ADDRESS = 2_000;
/** Of raw MJML and its text part: no mail that reaches an inbox whole is longer. */
const LONGEST_SOURCE = 200_000;

const line = z.string().max(LONGEST_LINE, `не длиннее ${LONGEST_LINE} знаков`);
const paragraph = z.string().max(LONGEST_PARAGRAPH, `не длиннее ${LONGEST_PARAGRAPH} знаков`);
/** As it was typed: what is wrong with it is told by the checks, nothing of it is lost. */
const address = z.string().trim().max(LONGEST_ADDRESS);

export const blockSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('heading'), text: line, level: z.literal([1, 2]).default(1) }),
  /** Markdown: bold, italics, links, lists. */
  z.strictObject({ type: z.literal('text'), text: paragraph }),
  z.strictObject({ type: z.literal('button'), text: line, url: address }),
  z.strictObject({
    type: z.literal('picture'),
    url: address,
    alt: line.default(''),
    link: address.default(''),
  }),
  z.strictObject({ type: z.literal('list'), items: z.array(paragraph).max(30) }),
  /** Small and grey, for what is said at the end. */
  z.strictObject({ type: z.literal('note'), text: paragraph }),
  z.strictObject({ type: z.literal('divider') }),
]);
export type Block = z.output<typeof blockSchema>;
export type BlockType = Block['type'];

const mailHead = {
  subject: line.default(''),
  /** What an inbox shows beside the subject. */
  preheader: line.default(''),
};

/** A mail of blocks, whose text part follows from them. */
const blockMailSchema = z.strictObject({
  ...mailHead,
  blocks: z.array(blockSchema).max(MOST_BLOCKS, `не больше ${MOST_BLOCKS} блоков`),
});
/** A mail as `texts/<name>/mail.mjml` and `mail.txt` have it: MJML and Liquid, inside the common frame. */
const rawMailSchema = z.strictObject({
  ...mailHead,
  mjml: z.string().max(LONGEST_SOURCE),
  text: z.string().max(LONGEST_SOURCE).default(''),
});

export const ownTextSchema = z.strictObject({
  mail: z.union([blockMailSchema, rawMailSchema]).nullable().default(null),
  /** One line. */
  sms: z.string().max(1_000, 'не длиннее 1000 знаков').nullable().default(null),
});
/** The whole content of one version of a text. */
export type OwnText = z.output<typeof ownTextSchema>;
export type OwnMail = NonNullable<OwnText['mail']>;

/** Whether a mail is MJML that an owner wrote. */
export function isRaw(mail: OwnMail): mail is z.output<typeof rawMailSchema> {
  return 'mjml' in mail;
}

/** Names of texts stand in tags at providers, in ledger keys and in addresses: nothing but these characters. */
export const textNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{1,58}$/, 'expected 2 to 59 of a-z, 0-9 and -');
