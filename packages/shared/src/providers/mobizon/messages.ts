/**
 * SMS through Mobizon (https://mobizon.kz/help/api-docs). `sendSmsMessage` has no idempotency: a
 * repeated call sends and bills again. So every message carries our token as its campaign's name, and
 * `find` looks for it before anything is repeated.
 */
import { z } from 'zod';
import {
  AmbiguousError,
  ChannelStoppedError,
  PermanentError,
  TransientError,
} from '../../errors.ts';
import type { Limiter, Turn } from '../../coordination/rate-limiter.ts';
import { TOO_OFTEN_MS, createMobizonHttp, meaningOf, type MobizonHttpOptions } from './http.ts';
import type { CallContext, TrackCall } from '../call-log.ts';

/** Their times have no zone: ask for a day more on either side. */
const TIME_MARGIN_MS = 24 * 60 * 60 * 1_000;
const PAGE_SIZE = 100;
const LONGEST_SEARCH_PAGES = 20;

/** The alert of a balance that does not cover an SMS, whoever finds it. */
export const SMS_BALANCE = 'sms_balance';
/** While money is short one SMS is tried so often: after a top-up the others wait no longer than this. */
export const balanceProbe = { everyMs: 15_000 };
/** Some operators cost more than the usual price; a refusal with less than this left is about money. */
const DEAREST = 2;

export const smsSchema = z.object({
  /** International number, digits only. */
  recipient: z.string().regex(/^\d{7,15}$/),
  text: z.string().min(1),
  from: z.string().optional(),
});
export type Sms = z.infer<typeof smsSchema>;

export interface MobizonClient {
  /** Waits for this account's turn to send. */
  turn(turn?: Turn): Promise<void>;
  /** The same with a claim right before it, as `Limiter.acquireWith`. */
  turnWith: Limiter['acquireWith'];
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
  /**
   * What has become of messages, by id; one that they do not know is left out. At most 100 ids.
   * @throws TransientError, AmbiguousError and ChannelStoppedError as `send`.
   */
  statuses(messageIds: readonly string[]): Promise<Map<string, string>>;
  /** The money left, in the account's currency. */
  balance(): Promise<number>;
}

export interface MobizonOptions extends MobizonHttpOptions {
  limiter: Pick<Limiter, 'acquire' | 'acquireWith' | 'pauseFor'>;
  track: TrackCall;
  /** Of one segment, in the account's currency; with less the account counts as empty. */
  smsPrice?: number;
}

/** Numbers often arrive as strings: what is read is read tolerantly. */
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
const statusesSchema = z.array(z.object({ id: z.coerce.string(), status: z.string() }));
const balanceSchema = z.object({ balance: z.coerce.number() });

export function createMobizon(options: MobizonOptions): MobizonClient {
  const { limiter, track, smsPrice = 0 } = options;
  const http = createMobizonHttp(options);

  const call = async (path: string, params: Record<string, string>): Promise<unknown> => {
    const { code, data } = await http.call(path, params);
    if (code === 0) return data;
    throw await classifyCode(code, data, path);
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

  /** Which code says so is not documented; a refusal that names a field of the message is about that. */
  const isMoneyShort = async (fields: readonly string[]): Promise<boolean> => {
    if (fields.some((field) => field !== 'balance')) return false;
    const left = await balance();
    return left <= 0 || left < smsPrice * DEAREST;
  };

  const classifyCode = async (code: number, data: unknown, path: string): Promise<Error> => {
    const message = `Mobizon: code ${code} from ${path}`;
    switch (meaningOf(code)) {
      case 'stopped':
        return new ChannelStoppedError(message);
      case 'again':
        return new TransientError(message, { retryAfterMs: TOO_OFTEN_MS, outage: code === 30 });
      case 'refused': {
        const fields = typeof data === 'object' && data !== null ? Object.keys(data) : [];
        if (fields.includes('from')) return new ChannelStoppedError(`${message}: the sender name`);
        if (path === 'message/sendSmsMessage' && (await isMoneyShort(fields))) {
          const detail =
            'На счёте Mobizon не хватает денег на SMS: они не уходят и ждут. Пополните счёт, и они уйдут сами.';
          return new ChannelStoppedError(detail, {
            what: SMS_BALANCE,
            retryAfterMs: balanceProbe.everyMs,
          });
        }
        return new PermanentError(`mobizon_${code}`, [message, ...fields].join(' '));
      }
      case 'ambiguous':
        return new AmbiguousError(message, { outage: true });
    }
  };

  return {
    turn: (turn) => limiter.acquire(turn),
    turnWith: (claim, isOurs, turn) => limiter.acquireWith(claim, isOurs, turn),

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

    statuses: (messageIds) =>
      track('mobizon.statuses', {}, async () => {
        const data = await call('message/getSMSStatus', { ids: messageIds.join(',') });
        return new Map(statusesSchema.parse(data).map(({ id, status }) => [id, status]));
      }),

    balance: () =>
      track('mobizon.balance', {}, async () => {
        await limiter.acquire();
        return balance();
      }),
  };
}

/** `YYYY-MM-DD HH:MM:SS`, as their criteria want it. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
