/** Raises `service_gone-<service>` when a service has not been there for a minute, and ends it when it works again. */
import { SERVICE_NAMES, goneServices, lookAtBroker } from '@leadwire/operations/health/broker';
import { lookAtServices } from '@leadwire/operations/health/services';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import { startPeriodic } from '@leadwire/shared/service/periodic';
import type { BackgroundWork } from '@leadwire/shared/service/service';

const EVERY_MS = 30_000;
/** A restart and a new version take less. */
const PATIENCE_MS = 60_000;
/** It has no work at the broker that could pile up, so it is asked itself. */
const API = 'landing-api';

export interface ServiceWatchPorts {
  bus: Bus;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** Where landing-api answers to us; left out, nobody looks. */
  apiUrl: string | undefined;
  now?: () => number;
}

/** One look each time it is called. @throws TransientError when the broker does not answer */
export function createServiceWatch(ports: ServiceWatchPorts): () => Promise<void> {
  const { bus, alerts, apiUrl, now = Date.now } = ports;
  /** By service: since when it is not there. */
  const since = new Map<string, number>();
  /** Known to be there. Not from the start: an earlier process may have told otherwise. */
  const there = new Set<string>();

  const look = async (): Promise<Map<string, string>> => {
    const gone = goneServices(await lookAtBroker(bus));
    const [api] = await lookAtServices(apiUrl === undefined ? [] : [{ name: API, url: apiUrl }]);
    if (api?.state === 'broken') gone.set(API, api.meaning ?? '');
    return gone;
  };

  const raise = (service: string, meaning: string): Promise<void> => {
    const message = `${meaning}. Запустите сервис ${service}: то, что ждёт, пойдёт само.`;
    return alerts.raise({ severity: 'critical', what: `service_gone-${service}`, message });
  };

  return async () => {
    const gone = await look();
    for (const [service, meaning] of gone) {
      there.delete(service);
      const at = since.get(service) ?? now();
      since.set(service, at);
      if (now() - at >= PATIENCE_MS) await raise(service, meaning);
    }
    for (const service of [...SERVICE_NAMES, API]) {
      if (gone.has(service) || there.has(service)) continue;
      since.delete(service);
      await alerts.resolve(`service_gone-${service}`, `Сервис ${service} снова работает.`);
      there.add(service);
    }
  };
}

export function startServiceWatch(ports: ServiceWatchPorts & { log: Log }): BackgroundWork {
  return startPeriodic({
    name: 'telegram-service-watch',
    everyMs: EVERY_MS,
    work: createServiceWatch(ports),
    onError: (err) => ports.log.debug({ err }, 'whether services are there is looked at again'),
  });
}
