/**
 * Mobizon's way of sending to many (https://mobizon.kz/help/api-docs, module `campaign`): create a draft,
 * add up to 500 numbers at a time, send. Unlike `sendSmsMessage` no step of it sends a second SMS when
 * it is repeated: a second draft sends nothing, a number that is added again answers code 4, a campaign
 * that is sent again answers code 10.
 */
import { z } from 'zod';
import {
  AmbiguousError,
  ChannelStoppedError,
  PermanentError,
  TransientError,
} from '../../errors.ts';
import type { Lane } from '../../coordination/account-pace.ts';
import type { Limiter } from '../../coordination/rate-limiter.ts';
import {
  TOO_OFTEN_MS,
  createMobizonHttp,
  meaningOf,
  type Envelope,
  type MobizonHttpOptions,
} from './http.ts';
import type { TrackCall } from '../call-log.ts';

/** More in one call is refused with code 12, and nobody is added. */
export const MOST_RECIPIENTS = 500;
/**
 * PHP reads no more than 1,000 fields of a form unless it is told to, and drops the rest in silence; Mobizon
 * is written in PHP and says nothing about it.
 */
const MOST_FIELDS = 900;
const PAGE_SIZE = 100;

/** What a number's code says about the person (docs "campaign/addRecipients"). */
export const RECIPIENT_CODES: Readonly<Record<number, 'added' | 'skipped' | 'failed'>> = {
  0: 'added',
  1: 'failed', // empty
  2: 'failed', // none found
  3: 'failed', // not an international number
  4: 'added', // in this campaign already: an earlier call's answer was lost
  5: 'skipped', // on the account's stop list: asked not to be written to
  6: 'failed', // the country is forbidden
  7: 'failed', // unknown operator
  8: 'failed', // operator is not served
  20: 'failed', // placeholders missing
  30: 'failed', // contact errors
  31: 'failed',
  32: 'failed',
  51: 'failed', // the short link could not be made
  99: 'failed', // their own trouble
};

export interface CampaignText {
  /** At most 255 characters; shown to people in Mobizon's panel. */
  name: string;
  /** With `{placeholders}` when it is a template. */
  text: string;
  isTemplate: boolean;
  /** Registered sender name; the account's default when absent. */
  from?: string;
}

export interface CampaignRecipient {
  /** International number, digits only. */
  number: string;
  placeholders: Readonly<Record<string, string>>;
}

export interface AddedRecipient {
  number: string;
  code: number;
  /** Absent for a number that was not added by this call. */
  messageId?: string;
}

/** Where a campaign stands: MODERATION and DECLINED are a moderator's, from RUNNING on it goes out. */
export type CampaignState =
  'draft' | 'moderation' | 'declined' | 'sent' | 'deleted' | { unknown: string };

export interface CampaignInfo {
  state: CampaignState;
  /** Messages in it, as far as its counters know; they lag. */
  messages: number | undefined;
}

/**
 * All throw AmbiguousError when the call may have been carried out, TransientError when it was not,
 * ChannelStoppedError for key, account, sender and balance, PermanentError when it will never work.
 */
export interface MobizonCampaigns {
  /** Waits for the account's turn, behind everything transactional. */
  turn(lane?: Lane): Promise<void>;
  /** The same with a claim right before it, as `Limiter.acquireWith`. */
  turnWith<Claimed>(
    claim: () => Promise<Claimed>,
    isOurs: (claimed: Claimed) => boolean,
    lane?: Lane,
  ): Promise<{ claimed: Claimed; isTurn: boolean }>;
  /** Makes a draft, which sends nothing; answers its id. */
  create(campaign: CampaignText): Promise<string>;
  /** Adds a part of the numbers (`partsOf`) to a draft; one answer each. */
  addRecipients(id: string, recipients: readonly CampaignRecipient[]): Promise<AddedRecipient[]>;
  /** Sends a draft. `locked`: it is being changed, or was sent before (`getInfo` tells which). */
  send(id: string): Promise<'sent' | 'moderation' | 'task' | 'locked'>;
  getInfo(id: string): Promise<CampaignInfo>;
  /** The ids of a campaign's messages by number, as far as the listing shows them; it lags. */
  listMessages(id: string, lane?: Lane): Promise<Map<string, string>>;
  /** Removes a draft; nothing happens when there is none. */
  remove(id: string): Promise<void>;
}

export interface MobizonCampaignsOptions extends MobizonHttpOptions {
  limiter: Limiter;
  track: TrackCall;
}

const addedSchema = z.array(
  z.object({
    recipient: z.coerce.string(),
    code: z.coerce.number().int(),
    messageId: z.coerce.string().nullish(),
  }),
);
const infoSchema = z.object({
  commonStatus: z.string(),
  counters: z.object({ totalMsgNum: z.coerce.number().optional() }).optional().catch(undefined),
});
const listSchema = z.object({
  items: z.array(z.object({ id: z.coerce.string(), to: z.coerce.string() })),
});

const STATES: Readonly<Record<string, CampaignState>> = {
  NEW: 'draft',
  READY_FOR_SEND: 'draft',
  MODERATION: 'moderation',
  DECLINED: 'declined',
  RUNNING: 'sent',
  SENT: 'sent',
  DONE: 'sent',
};

export function createMobizonCampaigns(options: MobizonCampaignsOptions): MobizonCampaigns {
  const { limiter, track } = options;
  const http = createMobizonHttp(options);

  const turn = (lane?: Lane): Promise<void> => limiter.acquire({ priority: 'bulk', lane });

  /** Codes of `fine` are the caller's to read; the others are thrown. */
  const call = (
    method: string,
    params: Record<string, string>,
    fine: readonly number[] = [],
  ): Promise<Envelope> =>
    track(`mobizon.campaign_${method}`, {}, async () => {
      const path = method === 'messages' ? 'message/list' : `campaign/${method}`;
      const envelope = await http.call(path, params);
      if (envelope.code === 0 || fine.includes(envelope.code)) return envelope;
      throw classify(method, envelope);
    });

  return {
    turn,
    turnWith: (claim, isOurs, lane) =>
      limiter.acquireWith(claim, isOurs, { priority: 'bulk', lane }),

    async create({ name, text, isTemplate, from }) {
      const { data } = await call('create', {
        'data[name]': name,
        'data[text]': text,
        'data[type]': isTemplate ? '3' : '2',
        ...(from !== undefined && { 'data[from]': from }),
      });
      const id = z.coerce
        .string()
        .regex(/^\d{1,20}$/)
        .safeParse(data);
      if (!id.success) throw new AmbiguousError('Mobizon: a campaign without an id');
      return id.data;
    },

    async addRecipients(id, recipients) {
      // 98 and 99: some of them, or none.
      const { data } = await call('addRecipients', toForm(id, recipients), [98, 99]);
      const items = addedSchema.safeParse(data);
      if (!items.success) throw new AmbiguousError('Mobizon: numbers added without their codes');
      return items.data.map(({ recipient, code, messageId }) => ({
        number: recipient.replace(/\D/g, ''),
        code,
        ...(messageId && code === 0 && { messageId }),
      }));
    },

    async send(id) {
      const { code, data } = await call('send', { id }, [10, 100]);
      if (code === 10) return 'locked';
      if (code === 100) return 'task';
      return Number(data) === 1 ? 'moderation' : 'sent';
    },

    async getInfo(id) {
      const { code, data } = await call('getInfo', { id }, [2]);
      if (code === 2) return { state: 'deleted', messages: undefined };
      const { commonStatus, counters } = readAnswer(infoSchema, data);
      const state = STATES[commonStatus] ?? { unknown: commonStatus };
      return { state, messages: counters?.totalMsgNum };
    },

    async listMessages(id, lane) {
      const found = new Map<string, string>();
      for (let page = 0; page < MOST_RECIPIENTS / PAGE_SIZE; page += 1) {
        await turn(lane);
        const { data } = await call('messages', {
          'criteria[campaignIds][0]': id,
          'pagination[pageSize]': String(PAGE_SIZE),
          'pagination[currentPage]': String(page),
        });
        const { items } = readAnswer(listSchema, data);
        for (const item of items) found.set(item.to.replace(/\D/g, ''), item.id);
        if (items.length < PAGE_SIZE) break;
      }
      return found;
    },

    async remove(id) {
      await call('delete', { id }, [2, 10]);
    },
  };
}

/** Cuts recipients into parts that one `addRecipients` can carry. */
export function partsOf<One extends CampaignRecipient>(recipients: readonly One[]): One[][] {
  const fields = Math.max(1, ...recipients.map((one) => 1 + Object.keys(one.placeholders).length));
  const size = Math.max(1, Math.min(MOST_RECIPIENTS, Math.floor(MOST_FIELDS / fields)));
  const parts: One[][] = [];
  for (let at = 0; at < recipients.length; at += size) parts.push(recipients.slice(at, at + size));
  return parts;
}

/** Placeholders that are missing are refused (3): half a text must not go out. */
function toForm(id: string, recipients: readonly CampaignRecipient[]): Record<string, string> {
  const form: Record<string, string> = { id, 'params[placeholdersFlag]': '3' };
  for (const [index, { number, placeholders }] of recipients.entries()) {
    const values = Object.entries(placeholders);
    if (values.length === 0) form[`recipients[${index}]`] = number;
    else form[`recipients[${index}][recipient]`] = number;
    for (const [name, value] of values) {
      form[`recipients[${index}][placeholders][${name}]`] = value;
    }
  }
  return form;
}

/** What they answered may have been carried out, however it reads. */
function readAnswer<Schema extends z.ZodType>(schema: Schema, data: unknown): z.infer<Schema> {
  const read = schema.safeParse(data);
  if (!read.success) throw new AmbiguousError('Mobizon: an answer that is not understood');
  return read.data;
}

function classify(method: string, { code, data }: Envelope): Error {
  const fields = typeof data === 'object' && data !== null ? Object.keys(data) : [];
  const message = [`Mobizon: code ${code} from campaign ${method}`, ...fields].join(' ');
  switch (meaningOf(code)) {
    case 'stopped':
      return new ChannelStoppedError(message);
    case 'again':
      return new TransientError(message, { retryAfterMs: TOO_OFTEN_MS, outage: code === 30 });
    case 'refused':
      // Which code says that money is short is not documented; a finished draft has no other reason.
      if (method === 'send' && code !== 2) {
        return new ChannelStoppedError(`${message}: is there enough money on the account?`);
      }
      if (fields.includes('from')) return new ChannelStoppedError(`${message}: the sender name`);
      return new PermanentError(`mobizon_${code}`, message);
    case 'ambiguous':
      return new AmbiguousError(message, { outage: true });
  }
}
