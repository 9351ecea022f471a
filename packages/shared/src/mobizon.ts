/**
 * SMS through Mobizon (https://mobizon.kz/help/api-docs). `sendSmsMessage` has no idempotency: a
 * repeated call sends and bills again. So every message carries our token as its campaign's name, and
 * `find` looks for it before anything is repeated.
 */
import axios, { isAxiosError } from 'axios';
import { z } from 'zod';
import { AmbiguousError, ChannelStoppedError, PermanentError, TransientError } from './errors.ts';
import type { Limiter } from './limiter.ts';
import type { CallContext, TrackCall } from './provider-call.ts';

const TIMEOUT_MS = 15_000;
/** Code 30 comes without a hint how long to wait. */
const TOO_OFTEN_MS = 5_000;
/** Their times have no zone: ask for a day more on either side. */
const TIME_MARGIN_MS = 24 * 60 * 60 * 1_000;
const PAGE_SIZE = 100;
const LONGEST_SEARCH_PAGES = 20;

export const smsSchema = z.object({
  /** International number, digits only. */
  recipient: z.string().regex(/^\d{7,15}$/),
  text: z.string().min(1),
  from: z.string().optional(),
});
export type Sms = z.infer<typeof smsSchema>;

export interface MobizonClient {
  /** Waits for this account's turn to send. To be called before the claim, which must not age. */
  turn(): Promise<void>;
  /**
   * Sends one SMS under `token`. A code 0 means accepted, possibly for moderation.
   * @returns the provider's message id.
   * @throws AmbiguousError when it may have been sent; TransientError when it was not;
   * ChannelStoppedError for key, account and balance; PermanentError for this SMS.
   */
  send(sms: Sms, token: string, context: CallContext): Promise<string>;
  /**
   * What was sent under `token` since then, if the listings show it: by the campaign's name, else by
   * number and exact text.
   * @returns the message's id, or `campaign:<id>` while only the campaign is listed.
   */
  find(sms: Sms, token: string, since: Date, context: CallContext): Promise<string | undefined>;
  /** The money left, in the account's currency. */
  balance(): Promise<number>;
}

export interface MobizonOptions {
  apiKey: string;
  baseUrl: string;
  limiter: Pick<Limiter, 'acquire' | 'pauseFor'>;
  track: TrackCall;
  timeoutMs?: number;
}

/** Numbers often arrive as strings: what is read is read tolerantly. */
const envelopeSchema = z.object({ code: z.coerce.number().int(), data: z.unknown() });
const sentSchema = z.object({ messageId: z.coerce.string() });
const listSchema = z.object({
  items: z.array(
    z.object({
      id: z.coerce.string(),
      name: z.string().nullish(),
      to: z.coerce.string().nullish(),
      text: z.string().nullish(),
    }),
  ),
});
type ListedItem = z.infer<typeof listSchema>['items'][number];
const balanceSchema = z.object({ balance: z.coerce.number() });

export function createMobizon(options: MobizonOptions): MobizonClient {
  const { limiter, track, timeoutMs = TIMEOUT_MS } = options;
  const http = axios.create({
    baseURL: options.baseUrl,
    timeout: timeoutMs,
    // Decided below: their errors come with status 200, other statuses come from proxies.
    validateStatus: () => true,
    responseType: 'text',
    transformResponse: (body: string) => body,
  });

  const call = async (path: string, params: Record<string, string>): Promise<unknown> => {
    // The key travels in the body: addresses end up in access logs.
    const form = new URLSearchParams({
      apiKey: options.apiKey,
      api: 'v1',
      output: 'json',
      ...params,
    });
    const answer = await http.post<string>(`/service/${path}`, form).catch((thrown: unknown) => {
      throw classifyNetwork(thrown);
    });
    const envelope = readEnvelope(answer.status, answer.data);
    if (envelope.code === 0) return envelope.data;
    if (envelope.code === 30) await limiter.pauseFor(TOO_OFTEN_MS);
    throw await classifyCode(envelope.code, envelope.data, path);
  };

  /** The id of the first listed item that is the one, over all pages. */
  const search = async (
    path: string,
    criteria: Record<string, string>,
    isTheOne: (item: ListedItem) => boolean,
  ): Promise<string | undefined> => {
    for (let page = 0; page < LONGEST_SEARCH_PAGES; page += 1) {
      await limiter.acquire();
      const data = await call(path, {
        ...criteria,
        'pagination[pageSize]': String(PAGE_SIZE),
        'pagination[currentPage]': String(page),
      });
      const { items } = listSchema.parse(data);
      const found = items.find(isTheOne);
      if (found) return found.id;
      if (items.length < PAGE_SIZE) return undefined;
    }
    return undefined;
  };

  const balance = async (): Promise<number> =>
    balanceSchema.parse(await call('user/getOwnBalance', {})).balance;

  const classifyCode = async (code: number, data: unknown, path: string): Promise<Error> => {
    const message = `Mobizon: code ${code} from ${path}`;
    switch (MEANING[code] ?? 'ambiguous') {
      case 'stopped':
        return new ChannelStoppedError(message);
      case 'again':
        return new TransientError(message, { retryAfterMs: TOO_OFTEN_MS, outage: code === 30 });
      case 'refused': {
        const fields = typeof data === 'object' && data !== null ? Object.keys(data) : [];
        if (fields.includes('from')) return new ChannelStoppedError(`${message}: the sender name`);
        if (path === 'message/sendSmsMessage' && fields.length === 0 && (await balance()) <= 0) {
          return new ChannelStoppedError('Mobizon: the balance is used up');
        }
        return new PermanentError(`mobizon_${code}`, [message, ...fields].join(' '));
      }
      case 'ambiguous':
        return new AmbiguousError(message, { outage: true });
    }
  };

  return {
    turn: () => limiter.acquire(),

    send: (sms, token, context) =>
      track('mobizon.send', context, async () => {
        const data = await call('message/sendSmsMessage', {
          recipient: sms.recipient,
          text: sms.text,
          ...(sms.from !== undefined && { from: sms.from }),
          'params[name]': token,
        });
        const sent = sentSchema.safeParse(data);
        if (!sent.success) throw new AmbiguousError('Mobizon: accepted without a message id');
        return sent.data.messageId;
      }),

    find: (sms, token, since, context) =>
      track('mobizon.find', context, async () => {
        const from = timestamp(since.getTime() - TIME_MARGIN_MS);
        const campaign = await search(
          'campaign/list',
          {
            'criteria[recipient]': sms.recipient,
            'criteria[type]': '1',
            'criteria[createTsFrom]': from,
          },
          ({ name }) => name === token,
        );
        if (campaign !== undefined) {
          const ofCampaign = { 'criteria[campaignIds][0]': campaign };
          const message = await search('message/list', ofCampaign, () => true);
          return message ?? `campaign:${campaign}`;
        }
        // The text carries the lead's own short link, so the same text to the same number is this one.
        return search(
          'message/list',
          {
            'criteria[to]': sms.recipient,
            'criteria[text]': sms.text,
            'criteria[campaignCreateTsFrom]': from,
          },
          ({ to, text }) => text === sms.text && to === sms.recipient,
        );
      }),

    balance: () =>
      track('mobizon.balance', {}, async () => {
        await limiter.acquire();
        return balance();
      }),
  };
}

/** Codes of the envelope (https://mobizon.kz/help/api-docs/sms-api, "API response codes"). */
const MEANING: Record<number, 'stopped' | 'again' | 'refused' | 'ambiguous'> = {
  1: 'refused',
  2: 'refused',
  3: 'ambiguous',
  // Wrong module, method, format or parameters: our own mistake, mended by an update, not by dropping SMS.
  4: 'stopped',
  5: 'stopped',
  6: 'stopped',
  8: 'stopped',
  9: 'stopped',
  10: 'again',
  11: 'stopped',
  12: 'refused',
  13: 'stopped',
  14: 'stopped',
  15: 'refused',
  30: 'again',
  999: 'ambiguous',
};

/** The connection was never made: nothing can have happened. Everything else may have reached them. */
const NEVER_ARRIVED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

function classifyNetwork(thrown: unknown): Error {
  // Only the code is kept: the client's error carries the whole request, key and number included.
  const code = isAxiosError(thrown) ? (thrown.code ?? 'no answer') : 'no answer';
  if (NEVER_ARRIVED.includes(code)) {
    return new TransientError(`Mobizon: not reachable (${code})`, { outage: true });
  }
  return new AmbiguousError(`Mobizon: ${code}`, { outage: true });
}

function readEnvelope(status: number, body: string): z.infer<typeof envelopeSchema> {
  if (status >= 200 && status < 300) {
    try {
      return envelopeSchema.parse(JSON.parse(body));
    } catch {
      throw new AmbiguousError('Mobizon: an answer that is not theirs', { outage: true });
    }
  }
  throw new AmbiguousError(`Mobizon: HTTP ${status}`, { outage: true });
}

/** `YYYY-MM-DD HH:MM:SS`, as their criteria want it. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
