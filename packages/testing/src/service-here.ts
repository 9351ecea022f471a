import { assemble, type App, type AppEnv } from '@leadwire/shared/service/app';
import { readEnv } from '@leadwire/shared/runtime/env';
import { createLog } from '@leadwire/shared/runtime/log';
import { startService } from '@leadwire/shared/service/service';
import {
  READY_TIMEOUT_MS,
  withLastLines,
  type LogLine,
  type ServiceProcess,
} from './service-process.ts';
import { waitFor } from './wait-for.ts';

/** A service that runs in the test's own process: it can be stopped, not killed. */
export type ServiceHere = Pick<ServiceProcess, 'url' | 'logs'> & {
  /** Resolves once it has stopped. */
  readonly exited: Promise<unknown>;
  /** Takes nothing more, finishes what is under way, leaves the broker. */
  stop(): Promise<unknown>;
};

/**
 * Runs the app that a service's main file runs, with these variables and no others. For tests that neither kill the
 * service nor preload anything: a process of its own costs more than a second of a core before it does anything.
 * @throws EnvError naming the variables at fault; what the start throws; when it is not ready within a minute.
 */
export async function startServiceHere<Env extends AppEnv>(
  app: App<Env>,
  env: Record<string, string>,
): Promise<ServiceHere> {
  const settings = readEnv(app.schema, { PORT: '0', HOST: '127.0.0.1', ...env }) as Env;
  const logs: LogLine[] = [];
  const write = (line: string) => void logs.push(JSON.parse(line) as LogLine);
  const log = createLog(app.name, settings.LOG_LEVEL, { write });
  const service = await startService(await assemble(app, settings, log));
  void service.failed.then((err) => log.fatal({ err }, 'cannot go on'));
  try {
    await waitFor(async () => (await fetch(`${service.url}/readyz`)).ok, {
      timeoutMs: READY_TIMEOUT_MS,
      what: `${app.name} to be ready`,
    });
  } catch (thrown) {
    await service.stop();
    throw withLastLines(thrown, logs);
  }
  const exited = Promise.withResolvers<void>();
  const stop = () => service.stop().finally(exited.resolve);
  return { url: service.url, logs, exited: exited.promise, stop };
}
