/**
 * What admin groups have to be told of an alert, and when: the first at once, repeats gathered into one
 * message every quarter of an hour while they go on, the end at once. Something that breaks and mends
 * itself again and again is told a few times and then gathered like a repeat. Pure: no clock, no broker.
 */
import { alertSchema, type Alert } from '@leadwire/shared/contract/alert-facts';
import { z } from 'zod';

export const WINDOW_MS = 15 * 60_000;
/** Messages about one thing within a window, when it goes on and off. */
const MOST_IN_A_WINDOW = 4;
/** What is older when it is read (a replay, a relay that was off) is no news any more. */
export const NEWS_MS = 6 * 60 * 60_000;
/** A thing of which nothing was heard for so long is forgotten. */
const FORGET_MS = 7 * 24 * 60 * 60_000;

const state = z.enum(['raised', 'resolved']);

const topicSchema = z.object({
  what: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  /** The newest one's. */
  message: z.string(),
  state,
  /** Unix milliseconds of the newest alert. */
  at: z.number(),
  /** How often it was raised since people were last told. */
  untold: z.number().int(),
  /** What a button under it lets out. */
  release: alertSchema.shape.release,
  /** What people know; `resolved` when they know nothing. */
  known: state,
  toldAt: z.number().optional(),
  windowFrom: z.number(),
  toldInWindow: z.number().int(),
});
export type Topic = z.infer<typeof topicSchema>;

/** By what the alerts are about. */
export const topicsSchema = z.record(z.string(), topicSchema);
export type Topics = z.infer<typeof topicsSchema>;

/**
 * raised: it has begun. again: it goes on. resolved: it is over. flickered: it was raised and is over, and
 * people had heard of neither.
 */
export type News = 'raised' | 'again' | 'resolved' | 'flickered';

/** The topics with one more alert, which may come late or out of order. */
export function withAlert(topics: Topics, alert: Alert): Topics {
  const { what, severity, message } = alert;
  const at = Date.parse(alert.at);
  const raised = alert.state === 'resolved' ? 0 : 1;
  const before = topics[what];
  if (!before && raised === 0) return topics;
  const topic = before ?? {
    what,
    severity,
    message,
    state: 'raised' as const,
    at,
    untold: 0,
    known: 'resolved' as const,
    windowFrom: 0,
    toldInWindow: 0,
  };
  const isNewest = at >= topic.at;
  const newest = { severity, message, at, state: alert.state ?? 'raised', release: alert.release };
  const counted = { ...topic, untold: topic.untold + raised };
  return { ...topics, [what]: isNewest ? { ...counted, ...newest } : counted };
}

/** What is to be told of a topic now (Unix milliseconds), or undefined. */
export function newsOf(topic: Topic, now: number): News | undefined {
  const isUntoldFirst = topic.known === 'resolved';
  if (isUntoldFirst && now - topic.at > NEWS_MS) return undefined;
  const isOpenWindow = now < topic.windowFrom + WINDOW_MS;
  if (topic.state !== topic.known) {
    const isTooMuch = isOpenWindow && topic.toldInWindow >= MOST_IN_A_WINDOW;
    return isTooMuch ? undefined : topic.state;
  }
  if (topic.untold === 0 || isOpenWindow) return undefined;
  return topic.state === 'raised' ? 'again' : 'flickered';
}

/** The topic once its news has been told. */
export function asTold(topic: Topic, now: number): Topic {
  const isOpenWindow = now < topic.windowFrom + WINDOW_MS;
  return {
    ...topic,
    known: topic.state,
    untold: 0,
    toldAt: now,
    windowFrom: isOpenWindow ? topic.windowFrom : now,
    toldInWindow: (isOpenWindow ? topic.toldInWindow : 0) + 1,
  };
}

/** The topics without those of which nothing was heard for a week. */
export function withoutOld(topics: Topics, now: number): Topics {
  const young = Object.entries(topics).filter(([, { at }]) => now - at < FORGET_MS);
  return Object.fromEntries(young);
}
