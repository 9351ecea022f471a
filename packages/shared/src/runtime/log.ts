import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/**
 * Contact data and secrets by the names they travel under. A path covers one depth only, so each is
 * listed three times (https://github.com/pinojs/pino/blob/main/docs/redaction.md).
 */
const PRIVATE = [
  'email',
  'emailSuggestion',
  'phone',
  'name',
  'lead',
  'to',
  'recipient',
  'text',
  'html',
  'answers',
  'metadata',
  'apiKey',
  'authorization',
  'Authorization',
  'token',
  'serviceKey',
  'password',
];

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
    redact: {
      paths: PRIVATE.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
      censor: '[private]',
    },
    serializers: { err: errorForLog, error: errorForLog },
  };
  return destination ? pino(options, destination) : pino(options);
}

function errorForLog(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { type, message, stack } = stdSerializers.err(error as Error);
  const code = 'code' in error ? error.code : undefined;
  const cause =
    'cause' in error ? (error.cause as { message?: string } | null)?.message : undefined;
  return { type, message, code, cause, stack };
}
