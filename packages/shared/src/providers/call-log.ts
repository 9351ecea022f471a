/** Every call to a provider is measured and told to the log of integrations, whatever came of it. */
import type { Bus } from '../broker/bus.ts';
import { publishEvent } from '../broker/publish-event.ts';
import { toError } from '../errors.ts';
import type { ProviderCall } from '../contract/events.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';

export interface CallContext {
  leadId?: string;
  deliveryId?: string;
}

/** Runs one call to a provider; its result or error passes through unchanged. */
export type TrackCall = <T>(
  action: `${string}.${string}`,
  context: CallContext,
  call: () => Promise<T>,
) => Promise<T>;

/**
 * A tracker that publishes `provider.called.v1`. Publishing is not waited for and its failure is only
 * logged: a record of a call must never stop the call.
 */
export function createCallTracker(ports: { bus: Bus; metrics: Metrics; log: Log }): TrackCall {
  const { bus, metrics, log } = ports;

  const record = (call: ProviderCall): void => {
    publishEvent(bus, 'provider.called.v1', call).catch((thrown: unknown) =>
      log.warn({ err: toError(thrown) }, 'a call was not recorded'),
    );
  };

  return async (action, context, call) => {
    const [provider = action, what = action] = action.split('.');
    const startedAt = performance.now();
    const finish = (status: 'ok' | 'error', error?: string): void => {
      const durationMs = Math.round(performance.now() - startedAt);
      metrics.providerSeconds.observe({ provider, action: what, status }, durationMs / 1000);
      const base = { service: bus.name, action, status, durationMs, at: new Date().toISOString() };
      record({ ...base, ...context, ...(error !== undefined && { error }) });
    };
    try {
      const result = await call();
      finish('ok');
      return result;
    } catch (thrown) {
      finish('error', toError(thrown).message);
      throw thrown;
    }
  };
}
