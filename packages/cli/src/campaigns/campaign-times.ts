/** When a campaign sends, by its own clock: the people it writes to live there, whoever watches may not. */
import type { CampaignView } from '@leadwire/operations/campaigns/campaign-view';
import { fromNow } from '../terminal.ts';

type Clock = Pick<CampaignView, 'quietHours' | 'timeZone'>;

/** `2026-12-01 10:00 Asia/Almaty`. */
export function zoned(time: Date | string, timeZone: string): string {
  const format = { timeZone, dateStyle: 'short', timeStyle: 'short' } as const;
  // The Swedish way of writing times is ISO 8601's.
  return `${new Intl.DateTimeFormat('sv-SE', format).format(new Date(time))} ${timeZone}`;
}

/** Whether nothing is sent just now, by the campaign's own clock. */
export function isQuiet({ quietHours, timeZone }: Clock, now: Date): boolean {
  const [from, to] = quietHours?.split('-') ?? [];
  if (from === undefined || to === undefined) return false;
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(now);
  return from <= to ? local >= from && local < to : local >= from || local < to;
}

/** What stands between a campaign and its people: its schedule, and its quiet hours. */
export function waitLines(
  campaign: Clock & Pick<CampaignView, 'status' | 'scheduledFor'>,
  now = new Date(),
): string[] {
  const { status, scheduledFor, quietHours, timeZone } = campaign;
  if (!['draft', 'scheduled', 'running', 'paused'].includes(status)) return [];
  const isAhead =
    ['draft', 'scheduled'].includes(status) &&
    scheduledFor !== null &&
    new Date(scheduledFor) > now;
  const begins = isAhead
    ? [`begins ${zoned(scheduledFor, timeZone)} (${fromNow(scheduledFor, now.getTime())})`]
    : [];
  if (quietHours === null) return begins;
  const [, until = ''] = quietHours.split('-');
  // What counts for a scheduled one is the moment at which it begins.
  const isHeld = isQuiet(campaign, isAhead ? new Date(scheduledFor) : now);
  const held = isHeld ? `: ${isAhead ? 'then' : 'now'}, so nothing goes out before ${until}` : '';
  return [...begins, `quiet hours ${quietHours} ${timeZone}${held}`];
}
