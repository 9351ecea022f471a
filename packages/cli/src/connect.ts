/** The broker for the length of one command. */
import { setTimeout as delay } from 'node:timers/promises';
import { ErrorCode } from 'nats';
import { TopologyError } from '@leadwire/shared/broker/apply-topology';
import { openBus, type Bus, type BusOptions } from '@leadwire/shared/broker/bus';
import { toError } from '@leadwire/shared/errors';
import { RefusedError } from '@leadwire/operations/refused-error';
import { createLog } from '@leadwire/shared/runtime/log';
import type { CliEnv } from './env.ts';
import { FailedError, UsageError } from './failure.ts';

/** A person waits: a broker that is there answers in milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * Runs `work` with a connection and closes it afterwards, whatever happens. The topology is left as
 * it is unless `topology` says otherwise.
 * @throws FailedError in words when the broker does not answer, refuses the user, or is empty.
 */
export async function withBus<T>(
  env: CliEnv,
  work: (bus: Bus) => Promise<T>,
  topology: 'apply' | 'as it is' = 'as it is',
  ages: Pick<BusOptions, 'retention' | 'onApplied'> = {},
): Promise<T> {
  let said = '';
  const listen = {
    write: (line: string) => {
      const { err } = JSON.parse(line) as { err?: { message?: string } };
      said = err?.message ?? said;
    },
  };
  const log = createLog('leadwire', 'warn', listen);
  const { NATS_URL: url, NATS_REPLICAS: replicas } = env;
  const bus = openBus({ url, name: 'leadwire', log, replicas, topology, ...ages });
  try {
    // Applying may take a while; reaching the broker may not.
    const patience = new AbortController();
    const late = delay(PATIENCE_MS, 'late', { signal: patience.signal }).catch(() => 'stopped');
    const first = await Promise.race([bus.ready, late]);
    patience.abort();
    if (first === 'late' && !bus.isConnected()) throw unreachable(url, said);
    await bus.ready;
    return await work(bus);
  } catch (thrown) {
    throw inWords(thrown);
  } finally {
    await bus.drain();
  }
}

function unreachable(url: string, said: string): FailedError {
  const where = url.replace(/\/\/[^@/]*@/g, '//');
  const why = /authorization/i.test(said) ? 'refuses this user' : 'does not answer';
  const remedy = /authorization/i.test(said)
    ? 'NATS_URL carries the user: nats://user:password@host:4222.'
    : 'Is it running? NATS_URL says where to look; "npm start" runs one on this machine.';
  return new FailedError(`The broker at ${where} ${why}${said ? ` (${said})` : ''}.\n${remedy}`);
}

/** What the broker refuses deep inside a library call, as a person would say it. */
function inWords(thrown: unknown): Error {
  const error = toError(thrown);
  // Already in words, which may hold anything: an id with 503 in it is no answer of a broker.
  const isSaid = [FailedError, UsageError, RefusedError].some((kind) => error instanceof kind);
  if (isSaid) return error;
  if (error instanceof TopologyError) return new FailedError(error.message, { cause: error });
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === ErrorCode.PermissionsViolation) {
      return new FailedError(
        `This user of the broker may not do that: ${cause.message}\nNATS_URL has to carry the admin user.`,
        { cause: error },
      );
    }
    if (/stream not found|no responders|503/i.test(cause.message)) {
      return new FailedError(
        `${error.message}\nThis broker does not hold Leadwire's streams yet: start the services, or run "leadwire topology apply".`,
        { cause: error },
      );
    }
  }
  return error;
}
