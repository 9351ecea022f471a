import type { Bus } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import { makeEvent } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { Log } from '@leadwire/shared/runtime/log';
import { subjects } from '@leadwire/shared/contract/topology';

const WORDS: Record<string, string> = {
  too_many_bounces: 'too many of its mails bounced',
  too_many_errors: 'too many of its messages failed',
  provider_stopped: 'the provider lets nothing through until a person acts',
  cannot_render: 'its texts cannot be rendered by this version',
};

/** Returns a function that tells people that a campaign has paused by itself, and never throws. */
export function createTellPaused({ bus, log }: { bus: Bus; log: Log }) {
  return async (campaignId: string, reason: string, message?: string): Promise<void> => {
    const what = 'campaign_paused';
    const why = [WORDS[reason] ?? reason, message].filter(Boolean).join(': ');
    const event = makeEvent('alert.raised.v1', {
      source: bus.name,
      subject: what,
      id: newId(),
      data: {
        severity: 'critical',
        what,
        at: new Date().toISOString(),
        message: `Campaign ${campaignId} has paused by itself: ${why}`,
      },
    });
    await bus
      .publish(subjects.alert('critical', what), event)
      .catch((thrown: unknown) =>
        log.warn({ campaignId, err: toError(thrown) }, 'the alert was not published'),
      );
  };
}
