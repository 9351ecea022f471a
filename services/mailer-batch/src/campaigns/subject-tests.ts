/**
 * Brings tests of two subjects to their end: starts the two parts, waits, chooses, starts the rest. Each step may be
 * repeated at any point; a campaign starts once whoever asks, and one topic keeps everybody from getting two of them.
 */
import { RequestError } from '@leadwire/shared/service/http-problems';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import type { CampaignChannel } from '../sending/channel.ts';
import type { CampaignStore } from './campaign-store.ts';
import { freezeDraft, refuseTooLate, refuseUnfinished, type TextPorts } from './campaign-texts.ts';
import type { OwnTexts } from './own-texts.ts';
import type { SubjectStore, SubjectTest } from './subject-store.ts';

const EVERY_MS = 5_000;

export interface SubjectTestPorts extends TextPorts {
  store: Pick<CampaignStore, 'get' | 'preview' | 'start'>;
  subjects: Pick<SubjectStore, 'due' | 'started' | 'choose' | 'end'>;
  ownTexts: Pick<OwnTexts, 'refresh'>;
  channels: Record<'email' | 'sms', Pick<CampaignChannel, 'batchSize'>>;
  wakePump: () => void;
  now: () => Date;
  log: Log;
}

/** Goes on until `stop`. */
export function startSubjectTests(ports: SubjectTestPorts, everyMs = EVERY_MS): BackgroundWork {
  return startPeriodic({
    name: 'mailer-subject-tests',
    work: () => bringOn(ports),
    onError: (err) => ports.log.warn({ err }, 'tests of subjects could not be brought on'),
    everyMs,
  });
}

/** Does what is due now. @throws as `Database`; what was begun is gone on with at the next time. */
export async function bringOn(ports: SubjectTestPorts): Promise<void> {
  const due = await ports.subjects.due();
  // Texts that people wrote are read when somebody needs them.
  if (due.length > 0) await ports.ownTexts.refresh();
  for (const test of due) {
    try {
      await bringOnOne(ports, test);
    } catch (thrown) {
      if (!(thrown instanceof RequestError)) throw thrown;
      // A text that cannot be sent any more: a person sees the draft that is left.
      ports.log.warn({ campaignId: test.id, err: thrown }, 'a test of subjects ended early');
      await ports.subjects.end(test.id, false);
    }
  }
}

async function bringOnOne(ports: SubjectTestPorts, test: SubjectTest): Promise<void> {
  const { subjects, log } = ports;
  const parts = [await start(ports, test.aId), await start(ports, test.bId)];
  if (parts.includes('stopped')) {
    log.warn({ campaignId: test.id }, 'a part was cancelled: a person decides about the rest');
    return void (await subjects.end(test.id, false));
  }
  if (test.decideAt === null) return void (await subjects.started(test.id));
  const { winner } = await subjects.choose(test.id);
  const rest = await start(ports, test.id);
  log.info({ campaignId: test.id, winner, rest }, 'the better subject was chosen');
  await subjects.end(test.id, rest === 'started');
}

/** @throws RequestError for a text that cannot be sent. */
async function start(ports: SubjectTestPorts, id: string): Promise<'started' | 'stopped'> {
  const campaign = await ports.store.get(id);
  if (campaign === null || campaign.status === 'cancelled') return 'stopped';
  if (campaign.status !== 'draft') return 'started';
  refuseTooLate(ports.templates, campaign, ports.now());
  refuseUnfinished(ports.templates, campaign);
  const counted = await ports.store.preview(id);
  const started = await ports.store.start(campaign, {
    expected: counted?.audience ?? 0,
    frozen: freezeDraft(ports, campaign),
    batchSize: ports.channels[campaign.channel].batchSize,
  });
  ports.wakePump();
  if (started.kind === 'no_audience') return 'stopped';
  const isStarted = started.kind === 'started' || started.kind === 'scheduled';
  // Somebody was suppressed, or a person changed it, at this very moment: the next look finds it as it is then.
  if (!isStarted && started.kind !== 'not_draft') throw new Error(`not started: ${started.kind}`);
  return 'started';
}
