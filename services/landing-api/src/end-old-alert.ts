/** Ends an alert that nobody else ends: nothing of its kind was told for a day. */
import type { AlertName } from '@leadwire/shared/contract/alert-kinds';
import type { Alerts } from '@leadwire/shared/coordination/alerts';

const OVER_AFTER_MS = 24 * 60 * 60_000;
const LOOK_MS = 10 * 60_000;

/** To be called as often as one likes: it looks every ten minutes. @throws TransientError when the broker does not answer */
export function createEndOldAlert(
  alerts: Pick<Alerts, 'resolve'>,
  what: AlertName,
  message: string,
): () => Promise<void> {
  let lookedAt = -Infinity;
  return async () => {
    if (Date.now() - lookedAt < LOOK_MS) return;
    await alerts.resolve(what, message, { ifOlderThanMs: OVER_AFTER_MS });
    lookedAt = Date.now();
  };
}
