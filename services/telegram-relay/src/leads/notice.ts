/**
 * One message to a group, from the claims to the record. Telegram cannot be asked what it has shown, so a
 * message whose end is not known is repeated; it carries the lead's short number. While Telegram is down that
 * goes on until it is back; a lost answer of a Telegram that is well counts as a try of each lead in the message.
 */
import {
  AmbiguousError,
  SnoozeError,
  PermanentError,
  TransientError,
  toError,
} from '@leadwire/shared/errors';
import type { DeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import type { TelegramNotice } from '@leadwire/shared/contract/events';
import type { HeldEntry, Ledger, Settlement } from '@leadwire/shared/delivery/ledger';
import { ChatError, TelegramDownError } from '@leadwire/shared/providers/telegram/bot-api';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import type { Backoff } from '../groups/backoff.ts';
import {
  createOnChatError,
  lookAgain,
  mayBeTried,
  type ChatErrorPorts,
} from '../groups/chat-errors.ts';
import type { GroupStore } from '../groups/group-store.ts';
import { shared, type Verdict } from './gathering.ts';
import { gatheredMessage, leadMessage, type LeadNews, type Moment } from './lead-text.ts';
import type { BotSender, Message } from '../bot/pace.ts';
import { takeButtons } from './take-lead.ts';

/** How long a claim holds: longer than a request may take (15 s) with the claims of a full message. */
export const LEASE_MS = 30_000;
/** What must be left of a claim when the request begins. */
const CALL_MS = 16_000;
const DONE: Verdict = { kind: 'done' };

export interface Notice {
  delivery: TelegramNotice['data'];
  news: LeadNews;
}

export interface NoticePorts {
  ledger: Pick<Ledger, 'claim' | 'release' | 'abandon' | 'settle'>;
  facts: DeliveryFacts;
  groups: ChatErrorPorts['groups'] & Pick<GroupStore, 'resume'>;
  sender: Pick<BotSender, 'say' | 'isMember' | 'answers'>;
  /** By group: Telegram did not answer for it. */
  outages: Backoff;
  /** By group: we were not allowed to write there. */
  refusals: Backoff;
  /** Of those who read the notices. */
  timeZone: string;
  /** Names this process in claims. */
  owner: string;
  /** Told how many leads were in a message that was sent. */
  onSent?: (leads: number) => void;
  now?: () => Date;
}

/** A notice that is ours to send, or what there is to say about it. */
type Claimed = { held: HeldEntry } | { verdict: Verdict };

export function createSendNotices(ports: NoticePorts) {
  const { ledger, facts, groups, sender, outages, refusals, now = () => new Date() } = ports;
  const onChatError = createOnChatError(ports);
  /** Sent, but the record failed (the broker was away): what is left to record. By delivery id. */
  const unrecorded = new Map<string, string>();

  const settle = async (held: HeldEntry, settlement: Settlement): Promise<void> => {
    await facts.outcome(await ledger.settle(held, settlement));
  };

  const claim = async ({ delivery }: Notice): Promise<Claimed> => {
    const claim = await ledger.claim(delivery, ports.owner, LEASE_MS, undefined);
    switch (claim.kind) {
      case 'missing':
        throw new PermanentError('not_planned', 'the ledger does not know this delivery');
      case 'settled':
        unrecorded.delete(delivery.deliveryId);
        await facts.outcome(claim.entry);
        return { verdict: DONE };
      case 'busy':
        throw new SnoozeError('another sender holds it', claim.retryAfterMs);
      case 'inherited': {
        const providerId = unrecorded.get(delivery.deliveryId);
        if (providerId === undefined) break;
        await settle(claim.entry, { state: 'sent', providerId });
        unrecorded.delete(delivery.deliveryId);
        return { verdict: DONE };
      }
      case 'claimed':
    }
    return { held: claim.entry };
  };

  const record = async (held: HeldEntry, providerId: string): Promise<Verdict> => {
    const { deliveryId } = held.entry;
    unrecorded.set(deliveryId, providerId);
    await settle(held, { state: 'sent', providerId });
    unrecorded.delete(deliveryId);
    return DONE;
  };

  /** After a refusal nothing was sent; otherwise somebody has to look at it first. */
  const yieldClaim = async (held: HeldEntry, error: Error): Promise<void> => {
    if (error instanceof AmbiguousError) await ledger.abandon(held, error.message);
    else await ledger.release(held, error.message);
  };

  /** What the consumer has to hear of it. Waiting for Telegram's return spends no attempts. */
  const meaningOf = async (error: Error, group: TelegramGroup): Promise<Error> => {
    const { groupId } = group;
    if (error instanceof ChatError) {
      refusals.failed(groupId);
      return onChatError(error, group);
    }
    if (!(error instanceof TransientError) || !error.outage) return error;
    const isLostAnswer = error instanceof AmbiguousError && !(error instanceof TelegramDownError);
    if (isLostAnswer && (await sender.answers())) return new AmbiguousError(error.message);
    return new SnoozeError(`Telegram is down: ${error.message}`, outages.failed(groupId));
  };

  const failed = async (thrown: unknown, group: TelegramGroup, count: number) => {
    const told = await meaningOf(toError(thrown), group);
    return (index: number): Verdict =>
      told instanceof PermanentError && count > 1
        ? { kind: 'alone' }
        : { kind: 'failed', error: shared(told, index) };
  };

  const works = async ({ groupId, state }: TelegramGroup): Promise<void> => {
    outages.worked(groupId);
    refusals.worked(groupId);
    // Should it fail, the next message ends the pause.
    if (state === 'paused') await groups.resume(groupId).catch(() => undefined);
  };

  const sendHeld = async (
    group: TelegramGroup,
    held: HeldEntry[],
    { html, buttons }: Pick<Message, 'html' | 'buttons'>,
  ) => {
    const { chatId, threadId } = group;
    const [first] = held;
    const context = first && held.length === 1 ? idsOf(first) : {};
    try {
      const isOld = held.some(
        ({ entry }) => Date.parse(entry.leaseUntil ?? '') - now().getTime() < CALL_MS,
      );
      if (isOld) throw new SnoozeError('the claims are too old to send under', 0);
      const messageId = await sender.say({ chatId, html, threadId, buttons }, context);
      ports.onSent?.(held.length);
      const providerId = `${chatId}:${messageId}`;
      await works(group);
      return await Promise.all(held.map((one) => orFailed(record(one, providerId))));
    } catch (thrown) {
      const toVerdict = await failed(thrown, group, held.length);
      await Promise.all(held.map((one) => yieldClaim(one, toError(thrown))));
      return held.map((_, index) => toVerdict(index));
    }
  };

  /**
   * Sends what can be claimed of these as one message; a verdict for each.
   * @throws TransientError when the broker does not answer.
   */
  return async (groupId: string, notices: readonly Notice[]): Promise<Verdict[]> => {
    const group = await groups.byId(groupId);
    if (!group || !mayBeTried(group, refusals)) throw lookAgain();
    const claimed = await Promise.all(
      notices.map((notice) =>
        claim(notice).catch((thrown: unknown): Claimed => {
          return { verdict: { kind: 'failed', error: toError(thrown) } };
        }),
      ),
    );
    const held = claimed.flatMap((one) => ('held' in one ? [one.held] : []));
    if (held.length === 0) return claimed.map((one) => ('verdict' in one ? one.verdict : DONE));
    const news = notices.filter((_, index) => 'held' in claimed[index]!).map((one) => one.news);
    const html = textOf(news, { now: now(), timeZone: ports.timeZone });
    const verdicts = await sendHeld(group, held, { html, buttons: takeButtons(news) });
    return claimed.map((one) => ('verdict' in one ? one.verdict : (verdicts.shift() ?? DONE)));
  };
}

function textOf(news: readonly LeadNews[], moment: Moment): string {
  const [first] = news;
  return first && news.length === 1 ? leadMessage(first, moment) : gatheredMessage(news);
}

function idsOf({ entry }: HeldEntry) {
  return { leadId: entry.leadId, deliveryId: entry.deliveryId };
}

async function orFailed(work: Promise<Verdict>): Promise<Verdict> {
  try {
    return await work;
  } catch (thrown) {
    return { kind: 'failed', error: toError(thrown) };
  }
}
