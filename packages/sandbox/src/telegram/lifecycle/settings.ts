import { z } from 'zod';
import { webhookTroubleSchema } from '../../world/webhooks.ts';

/** `<bot id>:<35 characters>`, as BotFather hands them out. */
export const TOKEN = /^\d+:[A-Za-z0-9_-]{35}$/;

/** The tokens of the three bots that the sandbox has unless it is told others. */
export const sandboxTokens = {
  leads: '7000000001:AAleads_sandbox_bot_token_000000000',
  admin: '7000000002:AAadmin_sandbox_bot_token_000000000',
  mentor: '7000000003:AAmentor_sandbox_bot_token_00000000',
} as const;

const whole = z.number().int().min(0);

const botSchema = z.strictObject({
  /** What the control plane calls it. */
  name: z.string().min(1),
  token: z.string().regex(TOKEN, 'expected <digits>:<35 letters, digits, _ or ->'),
  firstName: z.string().min(1),
  username: z.string().regex(/^[A-Za-z]\w{4,31}$/, 'expected 5 to 32 letters, digits or _'),
  /** Privacy mode off: it sees every message of a group, not only commands and replies. */
  readsAll: z.boolean().default(false),
});

const personSchema = z.strictObject({
  id: z.number().int().min(1),
  firstName: z.string().min(1),
  lastName: z.string().optional(),
  username: z.string().optional(),
});

const groupSchema = z.strictObject({
  id: z.number().int().max(-1),
  title: z.string().min(1),
  type: z.enum(['group', 'supergroup']),
  /** Names of the bots that are members from the start. */
  bots: z.array(z.string()).default([]),
});

/** The bots of the product. */
export const defaultBots: z.input<typeof botSchema>[] = [
  {
    name: 'leads',
    token: sandboxTokens.leads,
    firstName: 'Leadwire: заявки',
    username: 'LeadwireLeadsBot',
  },
  {
    name: 'admin',
    token: sandboxTokens.admin,
    firstName: 'Leadwire: тревоги',
    username: 'LeadwireAdminBot',
  },
  {
    name: 'mentor',
    token: sandboxTokens.mentor,
    firstName: 'Leadwire: куратор',
    username: 'LeadwireMentorBot',
  },
];

/** Invented; the first one made the groups. */
const people: z.input<typeof personSchema>[] = [
  { id: 5_100_001, firstName: 'Дана', lastName: 'Менеджер', username: 'dana_manager' },
  { id: 5_100_002, firstName: 'Ерлан', lastName: 'Менеджер' },
  { id: 5_100_003, firstName: 'Айгерим', lastName: 'Ученица' },
];

const groups: z.input<typeof groupSchema>[] = [
  { id: -4_100_000_001, title: 'Отдел продаж', type: 'group' },
  { id: -1_002_100_000_002, title: 'Профтест', type: 'supergroup' },
  { id: -4_100_000_003, title: 'Курс', type: 'group' },
  { id: -1_002_100_000_004, title: 'Админы', type: 'supergroup' },
];

/** Everything about Telegram that a test or a person can set. */
export const telegramSettingsSchema = z.strictObject({
  bots: z.array(botSchema).prefault(defaultBots),
  people: z.array(personSchema).min(1).default(people),
  groups: z.array(groupSchema).prefault(groups),
  /** Messages of one bot in any second (Bots FAQ: "about 30 messages per second"). */
  ratePerSecond: z.number().int().min(1).default(30),
  /** Messages into one chat: this many a second on average, `chatBurst` at once. */
  chatRatePerSecond: z.number().positive().default(1),
  chatBurst: z.number().int().min(1).default(3),
  /** Messages of one bot into one group in any minute (Bots FAQ). */
  groupRatePerMinute: z.number().int().min(1).default(20),
  /** The shortest wait a 429 asks for. */
  leastRetryAfterSeconds: z.number().int().min(1).default(1),
  /** Does a call during the wait start the wait anew? */
  penaltyExtends: z.boolean().default(false),
  /** What a token of the wrong form gets: the open server's 401, or the public cloud's 404. */
  malformedToken: z.union([z.literal(401), z.literal(404)]).default(401),
  /** How a bot without the right to write is refused: all of these are seen. */
  restrictedAnswer: z
    .enum([
      'not enough rights to send text messages to the chat',
      'CHAT_WRITE_FORBIDDEN',
      'CHAT_RESTRICTED',
      'CHAT_ADMIN_REQUIRED',
      'have no write access to the chat',
    ])
    .default('not enough rights to send text messages to the chat'),
  /** Webhooks to http and to any port, as a server started with `--local` allows; the cloud takes https only. */
  localServer: z.boolean().default(true),
  /** A second conflict of pollers within this time is answered this much later (Client.cpp: 3 s). */
  conflictDelayMs: whole.default(3_000),
  /** How badly webhooks are sent: `wrong` has another secret in the header, `forged` none. */
  webhookTrouble: webhookTroubleSchema.prefault({}),
});

export type TelegramSettings = z.infer<typeof telegramSettingsSchema>;
export type TelegramOptions = z.input<typeof telegramSettingsSchema>;
