/** Calls to the Bot API as a client would make them. */
import type { Sandbox } from '../src/sandbox.ts';
import { sandboxTokens } from '../src/telegram/lifecycle/settings.ts';

export type TelegramAnswer<Result> = {
  status: number;
  headers: Headers;
  ok: boolean;
  result: Result;
  description?: string;
  error_code?: number;
  parameters?: { retry_after?: number; migrate_to_chat_id?: number };
};

export type Update = {
  update_id: number;
  message?: WireMessage;
  channel_post?: WireMessage;
  callback_query?: { id: string; data: string; from: { id: number }; message: WireMessage };
  my_chat_member?: {
    chat: { id: number };
    from: { id: number };
    old_chat_member: { status: string };
    new_chat_member: { status: string };
  };
};

export type WireMessage = {
  message_id: number;
  chat: { id: number; type: string; title?: string };
  from: { id: number; is_bot: boolean };
  date: number;
  text?: string;
  entities?: { type: string; offset: number; length: number; url?: string }[];
  new_chat_members?: { id: number }[];
  left_chat_member?: { id: number };
  migrate_to_chat_id?: number;
  migrate_from_chat_id?: number;
  reply_to_message?: WireMessage;
  sender_chat?: { id: number };
  message_thread_id?: number;
  is_topic_message?: boolean;
  reply_markup?: unknown;
};

type BotName = keyof typeof sandboxTokens;

/** A call with a JSON body. */
export async function telegram<Result = WireMessage>(
  sandbox: Sandbox,
  method: string,
  params: Record<string, unknown> = {},
  { bot = 'leads', token = sandboxTokens[bot] }: { bot?: BotName; token?: string } = {},
): Promise<TelegramAnswer<Result>> {
  const response = await fetch(`${sandbox.telegramUrl}/bot${token}/${method}`, {
    method: 'POST',
    body: JSON.stringify(params),
    headers: { 'content-type': 'application/json' },
  });
  return readAnswer(response);
}

/** An answer's body with its status and headers. */
export async function readAnswer<Result>(response: Response): Promise<TelegramAnswer<Result>> {
  const body = (await response.json()) as Omit<TelegramAnswer<Result>, 'status' | 'headers'>;
  return { ...body, status: response.status, headers: response.headers };
}

/** A group with the leads bot in it, whose first updates are confirmed already. */
export async function openGroup(
  sandbox: Sandbox,
  {
    type = 'group',
    bots = ['leads'],
  }: { type?: 'group' | 'supergroup' | 'channel'; bots?: BotName[] } = {},
): Promise<number> {
  const { id } = await sandbox.control.telegram.addGroup({ title: 'Продажи', type, bots });
  for (const bot of bots) await readUpdates(sandbox, bot);
  return Number(id);
}

/** Everything that waits for the bot, confirmed. */
export async function readUpdates(sandbox: Sandbox, bot: BotName = 'leads'): Promise<Update[]> {
  const { result } = await telegram<Update[]>(sandbox, 'getUpdates', {}, { bot });
  const last = result.at(-1);
  if (last !== undefined) {
    await telegram(sandbox, 'getUpdates', { offset: last.update_id + 1 }, { bot });
  }
  return result;
}
