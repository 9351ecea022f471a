import type { Scenario } from '../scenario.ts';

const AHEAD_MS = 25 * 60 * 60 * 1_000;

/**
 * Hunts: a blind replay under a key that the provider has forgotten. Mails whose answer was lost wait; then 25 hours
 * pass for the providers and for the notifiers at once, and the key means nothing any more.
 */
export const clockAhead: Scenario = (() => {
  // The processes that start after the jump live in the later time.
  let aheadMs = 0;
  return {
    name: 'clock-ahead',
    hunts: 'a second mail under an idempotency key that Resend has forgotten after 24 hours',
    leadsPerSecond: 10,
    allowedEnds: ['unknown: idempotency_key_expired'],
    expects: ({ unknown }) =>
      (unknown['idempotency_key_expired'] ?? 0) > 0
        ? undefined
        : 'no mail was waiting when the clock jumped: the scenario shows nothing',
    processes: () => {
      aheadMs = 0;
      return {
        preload: ['clock-ahead.ts'],
        // A message that was due before the jump is still wanted after it: nothing may hide behind "stale".
        env: { NOTIFY_MAX_AGE_MS: String(2 * AHEAD_MS) },
        envOf: (service) =>
          service === 'notifier' ? { CHAOS_CLOCK_AHEAD_MS: String(aheadMs) } : {},
      };
    },
    async disturb({ world: { sandbox, replicas }, load, pass }) {
      await pass(2_000);
      await sandbox.addFault({ path: '/emails', action: { do: 'effect-then-drop' } });
      await sandbox.addFault({
        path: '/service/message/sendSmsMessage',
        action: { do: 'effect-then-drop' },
      });
      await sandbox.addFault({ path: '/service/*/list', action: { do: 'refuse' } });
      await pass(3_000);
      load.pause(true);
      await Promise.all(replicas.notifier.map((replica) => replica.halt()));
      await sandbox.clearFaults();
      await sandbox.advance(AHEAD_MS);
      aheadMs = AHEAD_MS;
      for (const replica of replicas.notifier) replica.start();
      await Promise.all(replicas.notifier.map((replica) => replica.untilReady()));
      load.pause(false);
      await pass(2_000);
    },
  };
})();
