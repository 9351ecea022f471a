import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { withoutPrivate } from './without-private.ts';

export type Log = Logger;

const serializers = { err: errorForLog, error: errorForLog };
const SERIALISED = new Set(Object.keys(serializers));

/**
 * The log of one service: JSON lines with ISO times and level names; contact data is cut out.
 * Errors are reduced to type, message, code and stack: HTTP clients hang whole requests on theirs,
 * with keys and recipients in them.
 */
export function createLog(service: string, level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: { service },
    errorKey: 'err',
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: {
      // What is told, and what a message's placeholders are filled with.
      logMethod(this: Log, args: LogArgs, method: (...args: LogArgs) => void) {
        method.apply(this, args.map(shown) as LogArgs);
      },
    },
    serializers,
  };
  const log = destination ? pino(options, destination) : pino(options);
  // Child logs have it from here, and so have their children.
  const makeChild: unknown = Reflect.get(log, 'child');
  const child = function (this: Log, bindings: object, ...rest: unknown[]): Log {
    return Reflect.apply(makeChild as () => Log, this, [shown(bindings), ...rest]) as Log;
  };
  return Object.assign(log, { child });
}

type LogArgs = Parameters<Log['info']>;

/** An error as the only argument stays one, and its serialiser reduces it. */
function shown(value: unknown): unknown {
  const isFields = typeof value === 'object' && value !== null && !(value instanceof Error);
  return isFields ? withoutPrivate(value, { except: SERIALISED, showError: errorForLog }) : value;
}

function errorForLog(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { type, message, stack } = stdSerializers.err(error as Error);
  const code = 'code' in error ? error.code : undefined;
  const cause =
    'cause' in error ? (error.cause as { message?: string } | null)?.message : undefined;
  return { type, message, code, cause, stack };
}
