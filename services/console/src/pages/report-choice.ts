/** What somebody chose of the reports, as it stands in the address. */
import {
  addDays,
  dayOf,
  daysIn,
  groupings,
  isDay,
  touches,
  type Grouping,
  type ReportQuery,
  type Touch,
} from '@leadwire/operations/reports/report';
import { z } from 'zod';
import type { Clock } from '../words/time.ts';

export const sortings = ['leads', 'sales', 'revenue', 'spend', 'cpl', 'cac', 'romi'] as const;
export type Sorting = (typeof sortings)[number];

export interface ReportChoice extends ReportQuery {
  sort: Sorting | undefined;
  /** So many days up to today, where the period is one of these. */
  lastDays: number | undefined;
}

export const LAST_DAYS = [7, 30, 90, 365] as const;
const USUAL_DAYS = 30;
/** As the database cuts them. */
const LONGEST_TAG = 200;
/** Three years; more at once is a question for a terminal. */
const MOST_DAYS = 1_100;

export function choiceOf(query: Readonly<Record<string, string>>, clock: Clock): ReportChoice {
  const today = dayOf(clock.now(), clock.timeZone);
  const by: Grouping = groupings.find((each) => each === query['by']) ?? 'source';
  const touch: Touch = touches.find((each) => each === query['touch']) ?? 'last';
  const sort = sortings.find((each) => each === query['sort']);
  const { since = '', until = '' } = query;
  const tag = (name: string) => query[name]?.slice(0, LONGEST_TAG).toLowerCase();
  const isOwn =
    isDay(since) && isDay(until) && since <= until && daysIn({ since, until }) <= MOST_DAYS;
  const days = LAST_DAYS.find((each) => String(each) === query['days']) ?? USUAL_DAYS;
  const period = isOwn ? { since, until } : { since: addDays(today, 1 - days), until: today };
  return {
    ...period,
    timeZone: clock.timeZone,
    by,
    touch,
    source: tag('source'),
    campaign: tag('campaign'),
    manager: managerIn(query['manager']),
    sort,
    lastDays: isOwn ? undefined : days,
  };
}

/** An id, or empty for leads that nobody has. */
function managerIn(text: string | undefined): string | undefined {
  return text === '' || z.uuid().safeParse(text).success ? text : undefined;
}

/** The same with something else chosen. */
export function reportHref(
  choice: ReportChoice,
  change: Partial<ReportChoice> = {},
  path = '/reports',
) {
  const { by, touch, source, campaign, manager, sort, lastDays, since, until } = {
    ...choice,
    ...change,
  };
  const query = new URLSearchParams();
  if (lastDays === undefined) {
    query.set('since', since);
    query.set('until', until);
  } else if (lastDays !== USUAL_DAYS) query.set('days', String(lastDays));
  if (by !== 'source') query.set('by', by);
  if (touch !== 'last') query.set('touch', touch);
  if (source !== undefined) query.set('source', source);
  if (campaign !== undefined) query.set('campaign', campaign);
  if (manager !== undefined) query.set('manager', manager);
  if (sort !== undefined) query.set('sort', sort);
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}
