/**
 * Watches a campaign until it needs nobody any more. On a terminal a bar moves; in a pipe a line is written
 * every few seconds. Ctrl-C ends the watching and never the campaign.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { CampaignError } from '@leadwire/operations/campaigns/campaign-error';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import type { CampaignView } from '@leadwire/operations/campaigns/campaign-view';
import { answer, words } from '../answer.ts';
import { SHORT_ID, campaignTable, duration, grouped } from './campaign-screen.ts';
import { isQuiet } from './campaign-times.ts';
import { paint, say } from '../terminal.ts';

const POLL_MS = 1_000;
/** In a pipe: often enough to see that it lives, seldom enough for a log. */
const LINE_EVERY_MS = 5_000;
/** The pace is that of the last seconds: a pause or a new limit shows at once. */
const PACE_OVER_MS = 15_000;
/** mailer-batch may be starting again; after this time somebody should look. */
const NO_ANSWER_MS = 60_000;
const BAR_WIDTH = 24;
const OVER = ['finished', 'cancelled', 'paused', 'draft'];

interface Mark {
  at: number;
  done: number;
}

/** @throws FailedError when mailer-batch is away for a minute. The campaign goes on all the same. */
export async function watchCampaign(api: CampaignApi, id: string): Promise<void> {
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const bar = makeBar();
  try {
    const last = await follow(api, id, bar, interrupted.signal);
    bar.stop();
    if (interrupted.signal.aborted) {
      say('', 'The campaign goes on without this window.', ...hints(id, ['status', 'pause']));
    } else if (last) answer(last, '', ...campaignTable(last), ...nextSteps(last));
  } finally {
    bar.stop();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

const isNoAnswer = (thrown: unknown) =>
  thrown instanceof CampaignError && thrown.problem === 'no_answer';

async function follow(
  api: CampaignApi,
  id: string,
  bar: SingleBar,
  signal: AbortSignal,
): Promise<CampaignView | undefined> {
  const marks: Mark[] = [];
  let isDrawn = false;
  let last: CampaignView | undefined;
  let answeredAt = Date.now();
  while (!signal.aborted) {
    try {
      last = await api.get(id);
      answeredAt = Date.now();
      const { audience } = last.counts;
      const done = doneOf(last);
      marks.push({ at: answeredAt, done });
      while (marks[1] && answeredAt - marks[1].at > PACE_OVER_MS) marks.shift();
      const payload = payloadOf(last, paceOf(marks));
      if (isDrawn) bar.update(done, payload);
      else bar.start(audience, done, payload);
      isDrawn = true;
      if (OVER.includes(last.status)) return last;
    } catch (thrown) {
      if (!isNoAnswer(thrown)) throw thrown;
      if (Date.now() - answeredAt > NO_ANSWER_MS) throw thrown;
      if (isDrawn)
        bar.update({ left: paint('yellow', 'mailer-batch does not answer, trying again') });
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  return last;
}

function makeBar(): SingleBar {
  const format = words().isTTY
    ? '{bar} {percentage} %  {done} of {all}  {failed}{rate}  {left}'
    : '{percentage} %  {done} of {all}  {failed}{rate}  {left}';
  return new SingleBar({
    format,
    barsize: BAR_WIDTH,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    stream: words(),
    gracefulExit: false,
    clearOnComplete: false,
    noTTYOutput: true,
    notTTYSchedule: LINE_EVERY_MS,
    formatBar: (progress, options) => {
      const full = Math.round(progress * BAR_WIDTH);
      const { barCompleteString = '', barIncompleteString = '' } = options;
      const bright = paint('green', barCompleteString.slice(0, full));
      return bright + barIncompleteString.slice(0, BAR_WIDTH - full);
    },
  });
}

/** The commands that a campaign waits for, or that show more of it. */
export function nextSteps({ id, status, counts }: CampaignView): string[] {
  if (status === 'paused') return hints(id, ['resume']);
  if (status === 'running') return hints(id, ['status']);
  if (status !== 'finished') return [];
  return hints(id, [
    ...(counts.failed > 0 ? ['retry'] : []),
    ...(counts.failed + counts.unknown > 0 ? ['report'] : []),
  ]);
}

function hints(id: string, commands: readonly string[]): string[] {
  const short = id.slice(0, SHORT_ID);
  const flags: Readonly<Record<string, string>> = { status: ' --watch' };
  return commands.map((command) =>
    paint('dim', `leadwire campaign ${command} ${short}${flags[command] ?? ''}`),
  );
}

function payloadOf(campaign: CampaignView, perSecond: number) {
  const { audience, failed, unknown, skipped } = campaign.counts;
  const trouble = [
    ...(failed > 0 ? [paint('red', `${grouped(failed)} failed`)] : []),
    ...(unknown > 0 ? [paint('magenta', `${grouped(unknown)} unknown`)] : []),
    ...(skipped > 0 ? [`${grouped(skipped)} skipped`] : []),
  ];
  return {
    done: grouped(doneOf(campaign)),
    all: grouped(audience),
    failed: trouble.length === 0 ? '' : `${trouble.join('  ')}  `,
    rate: `${grouped(Math.round(perSecond * 10) / 10)}/s`,
    left: leftOf(campaign, perSecond),
  };
}

function leftOf(campaign: CampaignView, perSecond: number): string {
  if (campaign.status !== 'running') return campaign.status;
  const open = campaign.counts.audience - doneOf(campaign);
  if (perSecond > 0) return `${duration(open / perSecond)} left`;
  return isQuiet(campaign, new Date()) ? `quiet hours (${campaign.quietHours})` : 'waiting';
}

function doneOf({ counts }: CampaignView): number {
  return counts.audience - counts.pending - counts.sending;
}

function paceOf(marks: readonly Mark[]): number {
  const [first, last] = [marks[0], marks.at(-1)];
  if (!first || !last || last.at === first.at) return 0;
  return ((last.done - first.done) / (last.at - first.at)) * 1_000;
}
