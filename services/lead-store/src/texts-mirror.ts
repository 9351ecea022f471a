/** Carries the words that people wrote for messages to the broker, every few seconds, whoever changed them. */
import { createMessageTexts } from '@leadwire/operations/texts/message-texts';
import { createTextStore, serviceDoor } from '@leadwire/operations/texts/text-store';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

/** What somebody saves is said from then on, and some seconds that the notifier takes to hear of it. */
const EVERY_MS = 3_000;

export function startTextsMirror(
  bus: Pick<Bus, 'bucket'>,
  database: Pick<Database, 'call'>,
  log: Log,
): BackgroundWork {
  return startPeriodic({
    name: 'texts-mirror',
    everyMs: EVERY_MS,
    onError: (error) =>
      log.warn({ err: error }, 'texts of messages could not be carried to the broker'),
    work: createMessageTexts(bus, createTextStore(serviceDoor(database))),
  });
}
