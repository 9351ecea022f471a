/**
 * Tells admin groups what a person should look at. What was told of each alert is kept at the broker, and
 * one process at a time reads it, speaks and writes it: first the message, then the record, so that a
 * crash in between repeats an alert instead of losing it.
 */
import { isConflict, type Bus } from '@leadwire/shared/broker/bus';
import { createBatch } from '@leadwire/shared/consumer/micro-batch';
import { SnoozeError, TransientError, orOutage, toError } from '@leadwire/shared/errors';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import type { Lease, Leases } from '@leadwire/shared/coordination/leases';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { ChatError } from '@leadwire/shared/providers/telegram/bot-api';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { alertText, asMessages } from './alert-text.ts';
import {
  asTold,
  newsOf,
  topicsSchema,
  withAlert,
  withoutOld,
  type Topic,
  type Topics,
} from './alert-topics.ts';
import type { Backoff } from '../groups/backoff.ts';
import { mayBeTried, type OnChatError } from '../groups/chat-errors.ts';
import type { GroupStore } from '../groups/group-store.ts';
import type { BotSender, Message } from '../bot/pace.ts';
import { releaseButton } from './release-held.ts';

const KEY = 'topics';
const UNREADABLE = 'the alerts cannot be read';
/** Alerts that come together are told together: one stop of everything is one message. */
const GATHER_MS = 300;
const MOST_AT_ONCE = 200;
/** How long another process may take with its alerts before ours come back later. */
const PATIENCE_MS = 3_000;
/** How often it is looked whether gathered repeats are due. */
const LOOK_MS = 5_000;

export interface AlertSender {
  sender: Pick<BotSender, 'turn' | 'say'>;
  onChatError: OnChatError;
}

export interface AlertNotifierOptions {
  bus: Pick<Bus, 'bucket'>;
  leases: Leases;
  groups: Pick<GroupStore, 'list' | 'byId' | 'resume'>;
  /** By group: we were not allowed to write there. */
  refusals: Backoff;
  /** Without the bot nobody is told; what is open is kept for the day it is there. */
  alertSender: AlertSender | undefined;
  timeZone: string;
  /** Where the console is, for links; left out, there are none. */
  consoleUrl?: string | undefined;
  log: Log;
  now?: () => number;
}

export interface AlertNotifier {
  /** Resolves when the alert is told, or counted for later. @throws as BotSender, or SnoozeError. */
  take(alert: Alert): Promise<void>;
  /** Looks every few seconds whether something that was gathered is due. */
  start(): BackgroundWork;
}

/** One message. */
type News = Pick<Message, 'html' | 'buttons'>;

interface Told {
  topics: Topics;
  revision: number;
}

/** Under the last of them stand the buttons of all: what is over needs none. */
function withButtons(messages: readonly string[], topics: readonly Topic[]): News[] {
  const open = topics.filter(({ state }) => state === 'raised');
  const buttons = open.flatMap((topic) => {
    const button = releaseButton(topic);
    return button ? [[button]] : [];
  });
  const last = messages.length - 1;
  return messages.map((html, index) =>
    index === last && buttons.length > 0 ? { html, buttons } : { html },
  );
}

export function createAlertNotifier(options: AlertNotifierOptions): AlertNotifier {
  const { bus, leases, groups, refusals, alertSender, log, now = Date.now } = options;
  const { timeZone, consoleUrl } = options;

  const read = async (): Promise<Told> => {
    const found = await (await bus.bucket('telegram_alerts')).get(KEY);
    if (found?.operation !== 'PUT') return { topics: {}, revision: found?.revision ?? 0 };
    return { topics: topicsSchema.parse(found.json()), revision: found.revision };
  };

  const write = async (topics: Topics, revision: number): Promise<void> => {
    const bucket = await bus.bucket('telegram_alerts');
    const value = JSON.stringify(withoutOld(topics, now()));
    try {
      if (revision === 0) await bucket.create(KEY, value);
      else await bucket.update(KEY, value, revision);
    } catch (thrown) {
      if (isConflict(thrown)) throw new SnoozeError('somebody else told the alerts', LOOK_MS);
      throw thrown;
    }
  };

  const dueTopics = (topics: Topics): Topic[] =>
    Object.values(topics).filter((topic) => newsOf(topic, now()) !== undefined);

  const adminGroups = async (): Promise<TelegramGroup[]> =>
    alertSender === undefined
      ? []
      : (await groups.list()).filter(
          (group) => group.bot === 'admin' && mayBeTried(group, refusals),
        );

  /** Says one message in a group as it is now; twice at most, when the group was moved meanwhile. */
  const sayIn = async (groupId: string, news: News, lease: Lease): Promise<boolean> => {
    for (let isLast = false; ; isLast = true) {
      const group = await groups.byId(groupId);
      if (!group || !mayBeTried(group, refusals) || alertSender === undefined) return false;
      const { chatId, threadId } = group;
      const { sender, onChatError } = alertSender;
      try {
        await sender.turn(chatId);
        await lease.renew();
        await sender.say({ chatId, threadId, ...news });
        refusals.worked(groupId);
        if (group.state === 'paused') await groups.resume(groupId);
        return true;
      } catch (thrown) {
        if (!(thrown instanceof ChatError) || isLast) throw thrown;
        refusals.failed(groupId);
        const told = await onChatError(thrown, group);
        if (!(told instanceof SnoozeError)) throw told;
      }
    }
  };

  /** Whether anybody was told. A group that fails must not have the others told twice. */
  const tell = async (messages: readonly News[], lease: Lease): Promise<boolean> => {
    const failures: Error[] = [];
    let isTold = false;
    for (const { groupId } of await adminGroups()) {
      try {
        for (const news of messages) isTold = (await sayIn(groupId, news, lease)) || isTold;
      } catch (thrown) {
        const error = toError(thrown);
        log.warn({ groupId, err: error }, 'an admin group was not told');
        failures.push(error);
      }
    }
    const [failure] = failures;
    if (failure && !isTold) throw failure;
    return isTold;
  };

  const tellDue = async ({ topics, revision }: Told, isChanged: boolean, lease: Lease) => {
    const due = dueTopics(topics);
    const texts = due.map((topic) =>
      alertText(topic, newsOf(topic, now()) ?? 'again', { timeZone, consoleUrl }),
    );
    const isTold = due.length > 0 && (await tell(withButtons(asMessages(texts), due), lease));
    if (!isTold && !isChanged) return;
    const told = isTold ? due.map((topic) => [topic.what, asTold(topic, now())]) : [];
    await write({ ...topics, ...(Object.fromEntries(told) as Topics) }, revision);
    if (isTold) log.info({ alerts: due.map(({ what }) => what) }, 'admin groups were told');
  };

  const work = (alerts: readonly Alert[]): Promise<void> =>
    orOutage(UNREADABLE, async () => {
      const lease = await leases.acquire('telegram-alerts', PATIENCE_MS);
      try {
        const { topics, revision } = await read();
        const all = alerts.reduce(withAlert, topics);
        await tellDue({ topics: all, revision }, alerts.length > 0, lease);
      } finally {
        await lease.release();
      }
    });

  const lookOnce = async (): Promise<void> => {
    const { topics } = await read();
    if (dueTopics(topics).length > 0 && (await adminGroups()).length > 0) await work([]);
  };

  return {
    take: createBatch<Alert>({ write: work, maxRows: MOST_AT_ONCE, maxWaitMs: GATHER_MS }),

    start: () =>
      startPeriodic({
        name: 'telegram-alert-summaries',
        everyMs: LOOK_MS,
        work: lookOnce,
        onError: (err) => {
          const level = err instanceof TransientError ? 'debug' : 'warn';
          log[level]({ err }, 'gathered alerts were not told, trying again');
        },
      }),
  };
}
