/**
 * Posts that made no lead, kept as they came: as a fact at the broker or, while that is away, as a file that is carried
 * over later. The alert says how many and what was missing, never what stood in them.
 */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bus } from '@leadwire/shared/broker/bus';
import { newEvent, publishMade } from '@leadwire/shared/broker/publish-event';
import { eventSchemas, type EventOf } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { Reject } from '@leadwire/shared/contract/intake-forms';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { TransientError, toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { dropOldest } from '@leadwire/shared/runtime/drop-oldest';
import { createEndOldAlert } from '../end-old-alert.ts';
import { writeDurably } from '../intake/durable-file.ts';
import { inTime } from '../webhooks/hook-guards.ts';
import { formInWords, refusedInWords } from './reject-words.ts';

const CARRY_EVERY_MS = 2_000;
/** One alert about a form in this time; the next one has the number of those between. */
const ALERT_EVERY_MS = 10 * 60_000;
/** A stranger's posts must not fill the stream: beyond this many a minute they are counted only. */
const MOST_PER_MINUTE = 120;
/** Waiting files beyond this many are no longer written. */
const MOST_FILES = 5_000;
/** Forms that are counted; a stranger may post to any name. */
const MOST_FORMS = 500;

export interface Rejects {
  /** @throws TransientError when neither the broker nor the disk has it: the sender tries again. */
  keep(reject: Omit<Reject, 'rejectId'>): Promise<string>;
  /** A lead came through this form: what people were told of it is over. */
  taken(form: string): void;
  /** Carries what the disk holds to the broker, until stopped. */
  startCarrying(): BackgroundWork;
}

export interface RejectsPorts {
  bus: Pick<Bus, 'publish' | 'name' | 'isConnected'>;
  alerts: Pick<Alerts, 'report' | 'resolve'>;
  /** The journal's folder. */
  dir: string;
  log: Log;
  timeoutMs: number;
}

export function createRejects({ bus, alerts, dir, log, timeoutMs }: RejectsPorts): Rejects {
  const folder = join(dir, 'rejects');
  const counted = new Map<string, { count: number; toldAt: number }>();
  let minute = { startedAt: 0, count: 0 };
  // Another replica may have taken the lead that says it is mended.
  const endForms = createEndOldAlert(
    alerts,
    'forms_refused',
    'Сутки непрочитанных заявок не было.',
  );
  const endOrigin = createEndOldAlert(
    alerts,
    'origin_refused',
    'Сутки заявок с чужих страниц не было.',
  );
  /** Forms of which this process has said that they are read. */
  const read = new Set<string>();

  const publish = async (event: EventOf<'intake.rejected.v1'>): Promise<void> => {
    await publishMade(bus, event);
  };

  const write = async (event: EventOf<'intake.rejected.v1'>): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length >= MOST_FILES) return;
    const file = join(folder, `${event.data.rejectId}.json`);
    await writeDurably(file, JSON.stringify(event), `${file}.new`);
  };

  const store = async (event: EventOf<'intake.rejected.v1'>): Promise<void> => {
    try {
      await inTime(publish(event), timeoutMs);
    } catch {
      await write(event).catch((thrown: unknown) => {
        throw new TransientError('a post could not be kept', { cause: toError(thrown) });
      });
    }
  };

  const isTooMany = (): boolean => {
    if (Date.now() - minute.startedAt > 60_000) minute = { startedAt: Date.now(), count: 0 };
    minute.count += 1;
    return minute.count > MOST_PER_MINUTE;
  };

  /** Tells at once, then at most every ten minutes for each form. The log has it in any case. */
  const tell = (reject: Omit<Reject, 'rejectId'>): void => {
    const { form, reason, dialect, fields } = reject;
    log.warn({ form, reason, dialect, fields }, 'a post made no lead and is kept');
    const known = counted.get(form) ?? { count: 0, toldAt: 0 };
    known.count += 1;
    counted.set(form, known);
    // Whoever makes names up is told of by the newest ones.
    dropOldest(counted, MOST_FORMS);
    if (Date.now() - known.toldAt < ALERT_EVERY_MS) return;
    const message = refusedInWords(reject, known.count);
    counted.set(form, { count: 0, toldAt: Date.now() });
    alerts
      .report({ severity: 'critical', what: 'forms_refused', message }, `forms_refused:${newId()}`)
      .catch((thrown: unknown) => {
        known.toldAt = 0;
        counted.set(form, known);
        log.warn({ err: toError(thrown) }, 'the alert about a form could not be told');
      });
  };

  const carry = async (): Promise<void> => {
    if (!bus.isConnected()) return;
    await endForms();
    await endOrigin();
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
      const file = join(folder, name);
      const event = eventSchemas['intake.rejected.v1'].safeParse(
        JSON.parse(await readFile(file, 'utf8')),
      );
      if (event.success) await publish(event.data);
      await rm(file, { force: true });
    }
  };

  return {
    async keep(reject) {
      const rejectId = newId();
      const event = newEvent(bus.name, 'intake.rejected.v1', { ...reject, rejectId });
      if (!isTooMany()) await store(event);
      tell(reject);
      return rejectId;
    },

    taken(form) {
      const wasRefused = counted.delete(form);
      if (counted.size > 0 || (!wasRefused && read.has(form))) return;
      dropOldest(read.add(form), MOST_FORMS);
      // Refused before this process began, perhaps: then it is over if it was about this form.
      const ifTold = (told: string) => wasRefused || told.startsWith(formInWords(form));
      alerts
        .resolve('forms_refused', `${formInWords(form)}: заявки снова принимаются.`, { ifTold })
        .catch((err: unknown) => log.debug({ err }, 'the end of an alert was not told'));
    },

    startCarrying: () =>
      startPeriodic({
        name: 'form-rejects',
        work: carry,
        everyMs: CARRY_EVERY_MS,
        onError: (error) => log.warn({ err: error }, 'kept posts could not be carried over'),
      }),
  };
}
