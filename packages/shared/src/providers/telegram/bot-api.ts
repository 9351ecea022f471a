/**
 * The Telegram Bot API (https://core.telegram.org/bots/api). `sendMessage` has no idempotency and a bot
 * cannot list what it has sent: whoever repeats after an AmbiguousError may say something twice.
 */
import axios, { isAxiosError } from 'axios';
import { z } from 'zod';
import { AmbiguousError, ChannelStoppedError, SnoozeError, PermanentError } from '../../errors.ts';
import type { CallContext, TrackCall } from '../call-log.ts';
import { noAnswerError } from '../http.ts';

const TIMEOUT_MS = 15_000;
/** A 429 without a word how long to wait; the API promises one, proxies do not. */
const TOO_OFTEN_MS = 5_000;

/** `<digits>:<35 characters>`, as @BotFather hands them out. */
export const botToken = z
  .string()
  .regex(/^\d+:[A-Za-z0-9_-]{35}$/, 'expected a bot token: <digits>:<35 characters>');

export type BotName = 'leads' | 'admin' | 'mentor';

/**
 * What is wrong with a chat, not with the message or the bot:
 * gone: it is not there for us any more; no_rights: we may not write in it; no_access: one of the two,
 * getChatMember tells; moved: it has a new id; topic: the topic is gone or closed, the group lives.
 */
export type ChatProblem = 'gone' | 'no_rights' | 'no_access' | 'moved' | 'topic';

/** Telegram said itself that it cannot (a 5xx, a page that is not theirs): it is down, whatever the message is. */
export class TelegramDownError extends AmbiguousError {
  override readonly name = 'TelegramDownError';
}

/** Certainly not sent, because of the chat. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  readonly kind: ChatProblem;
  /** Telegram's words as one token: `bot_was_kicked_from_the_group_chat`. */
  readonly reason: string;
  readonly newChatId: string | undefined;

  constructor(kind: ChatProblem, reason: string, newChatId?: string) {
    super(`Telegram: ${kind} (${reason})`);
    this.kind = kind;
    this.reason = reason;
    this.newChatId = newChatId;
  }
}

export interface CallOptions {
  context?: CallContext;
  /** Longer than usual for a long poll, in milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface TelegramClient {
  readonly bot: BotName;
  /** The bot as Telegram's user. */
  readonly botId: number;
  /**
   * One request; its `result` as it came.
   * @throws ChatError; SnoozeError when the chat has to wait; AmbiguousError when it may have taken effect; TransientError when
   * it has not; ChannelStoppedError when the token is refused; PermanentError for this request.
   */
  call(method: string, params?: object, options?: CallOptions): Promise<unknown>;
}

export interface TelegramOptions {
  bot: BotName;
  token: string;
  /** No trailing slash. */
  baseUrl: string;
  track: TrackCall;
  timeoutMs?: number;
}

export function createTelegram(options: TelegramOptions): TelegramClient {
  const { bot, token, baseUrl, track, timeoutMs = TIMEOUT_MS } = options;
  const http = axios.create({
    baseURL: `${baseUrl}/bot${token}`,
    validateStatus: () => true,
    responseType: 'text',
    transformResponse: (body: string) => body,
    // A redirect would carry the token, which is part of the address, to somebody else.
    maxRedirects: 0,
  });

  const call: TelegramClient['call'] = async (method, params = {}, given = {}) => {
    const answer = await http
      .post<string>(`/${method}`, params, {
        timeout: given.timeoutMs ?? timeoutMs,
        headers: { 'content-type': 'application/json' },
        ...(given.signal && { signal: given.signal }),
      })
      .catch((thrown: unknown) => {
        throw noAnswerError('Telegram', isAxiosError(thrown) ? thrown.code : undefined);
      });
    const envelope = readEnvelope(answer.status, answer.data);
    if (envelope.ok) return envelope.result;
    throw classify(bot, method, envelope);
  };

  return {
    bot,
    botId: Number(token.split(':')[0]),
    call: (method, params, given) =>
      // A long poll that brings nothing is no news for the log of integrations.
      method === 'getUpdates'
        ? call(method, params, given)
        : track(`telegram.${method}`, given?.context ?? {}, () => call(method, params, given)),
  };
}

const failureSchema = z.object({
  ok: z.literal(false),
  error_code: z.number().int(),
  description: z.string().default(''),
  parameters: z
    .object({
      retry_after: z.number().optional(),
      migrate_to_chat_id: z.union([z.number().int(), z.string()]).optional(),
    })
    .default({}),
});
type Failure = z.infer<typeof failureSchema>;
const envelopeSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  failureSchema,
]);

type Meaning = ChatProblem | 'refused';

/**
 * What a description means; the first row that is contained in it (any case) decides. Telegram promises
 * no stable texts, yet has nothing better; these are from the server's own source
 * (https://github.com/tdlib/telegram-bot-api, Client.cpp).
 */
const MEANINGS: readonly (readonly [Meaning, ...string[]])[] = [
  ['moved', 'group chat was upgraded to a supergroup chat'],
  [
    'refused',
    ...['message is too long', 'text is too long', 'message text is empty'],
    ...['text must be non-empty', "can't parse entities", 'unsupported parse_mode'],
    ...['chat_id is empty', 'reply markup is too long', 'BUTTON_'],
  ],
  ['topic', 'message thread not found', 'TOPIC_CLOSED'],
  [
    'no_rights',
    ...['not enough rights to send text messages', 'CHAT_WRITE_FORBIDDEN', 'CHAT_RESTRICTED'],
    ...['CHAT_ADMIN_REQUIRED', 'need administrator rights in the channel chat'],
  ],
  ['no_access', 'have no write access to the chat'],
  [
    'gone',
    ...['bot was kicked from', 'bot is not a member of', 'the group chat was deleted'],
    ...['bot was blocked by the user', 'user is deactivated', "can't initiate conversation"],
    ...['chat not found', 'PEER_ID_INVALID'],
  ],
];

function classify(bot: BotName, method: string, failure: Failure): Error {
  const { error_code: code, description, parameters } = failure;
  const detail = `Telegram: ${code} ${description} (${method})`;
  if (code === 401 || code === 404) {
    // 404: a method of ours that is none, or a token that cannot be one.
    return new ChannelStoppedError(`${detail}: is the token of the bot "${bot}" right?`, {
      what: `telegram-${bot}_stopped`,
    });
  }
  if (code === 429) {
    const { retry_after: seconds } = parameters;
    return new SnoozeError(detail, seconds === undefined ? TOO_OFTEN_MS : seconds * 1_000);
  }
  if (code >= 500) return new TelegramDownError(detail, { outage: true });
  const text = description.toLowerCase();
  const [meaning] = MEANINGS.find(([, ...parts]) =>
    parts.some((part) => text.includes(part.toLowerCase())),
  ) ?? [code === 403 ? 'gone' : 'refused'];
  if (meaning === 'refused') return new PermanentError(`telegram_${code}`, detail);
  const moved = parameters.migrate_to_chat_id;
  return new ChatError(meaning, tokenOf(description), moved === undefined ? moved : String(moved));
}

/** `Forbidden: bot was kicked from the group chat` as `bot_was_kicked_from_the_group_chat`. */
function tokenOf(description: string): string {
  const words = description.replace(/^(Bad Request|Forbidden): /i, '').toLowerCase();
  return words.replace(/[^a-z0-9]+/g, '_').slice(0, 60);
}

function readEnvelope(status: number, body: string): z.infer<typeof envelopeSchema> {
  try {
    return envelopeSchema.parse(JSON.parse(body));
  } catch {
    // A proxy's page, or half an answer.
    const detail = `Telegram: HTTP ${status}, an answer that is not theirs`;
    // A 200 that is cut short is a lost answer: the message may well be shown.
    if (status < 500) throw new AmbiguousError(detail, { outage: true });
    throw new TelegramDownError(detail, { outage: true });
  }
}
