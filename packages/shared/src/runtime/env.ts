import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** The environment is unusable: the message lists every bad variable and what was expected. */
export class EnvError extends Error {
  override readonly name = 'EnvError';
}

/**
 * Reads a service's variables. An empty value counts as not given, as docker compose and `.env`
 * files leave it.
 * @throws EnvError naming every bad variable and what is expected of it; never shows a value.
 */
export function readEnv<Schema extends z.ZodObject>(
  schema: Schema,
  source: NodeJS.ProcessEnv = process.env,
): z.infer<Schema> {
  const given = givenOf(source);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const lines = problemsOf(result.error, given).map(({ name, problem }) => `  ${name}: ${problem}`);
  throw new EnvError(`These environment variables need attention:\n${lines.join('\n')}`);
}

/** A variable that a program cannot work with, and what was expected; never its value. */
export interface EnvProblem {
  name: string;
  problem: string;
}

/** Everything that is wrong or missing for a program, one for each variable; empty when it can start. */
export function problemsIn(schema: z.ZodObject, source: NodeJS.ProcessEnv): EnvProblem[] {
  const given = givenOf(source);
  const result = schema.safeParse(given);
  return result.success ? [] : problemsOf(result.error, given);
}

function givenOf(source: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(source).filter(([, value]) => value?.trim() !== ''));
}

function problemsOf({ issues }: z.ZodError, given: NodeJS.ProcessEnv): EnvProblem[] {
  const found = new Map<string, EnvProblem>();
  for (const { path, message } of issues) {
    const name = String(path[0] ?? '(environment)');
    const problem = name in given ? message : `missing (${message})`;
    if (!found.has(name)) found.set(name, { name, problem });
  }
  return [...found.values()];
}

type Given = Readonly<Record<string, unknown>>;

/**
 * For `.check()` of a program's schema: variables that are expected because of what others say. Whatever else is wrong,
 * they stand in the same list.
 */
export const needs = (isAsked: (env: Given) => boolean, names: readonly string[], why: string) =>
  z.superRefine<Given>(
    (env, context) => {
      if (!isAsked(env)) return;
      for (const name of names.filter((each) => env[each] === undefined)) {
        context.addIssue({ code: 'custom', path: [name], message: `expected ${why}` });
      }
    },
    // Without this zod looks no further once one variable is missing, and the rest is found at the next start.
    { when: () => true },
  );

/** For `.check()`: variables of which one is nothing without the others. */
export const together = (...names: readonly string[]) =>
  needs(
    (env) => names.some((name) => env[name] !== undefined),
    names,
    `beside the other: ${names.join(' and ')} belong together, give all or none`,
  );

const port = (fallback: number) =>
  z.coerce
    .number('expected a port number')
    .int('expected a port number')
    .min(0, 'expected a port number from 0 to 65535')
    .max(65535, 'expected a port number from 0 to 65535')
    .default(fallback);

/** Addresses that packets to do not leave a network of ours: loopback, and what RFC 1918 and 4193 keep private. */
const OURS = new BlockList();
for (const [address, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  OURS.addSubnet(address, bits, 'ipv4');
}
OURS.addAddress('::1', 'ipv6');
OURS.addSubnet('fc00::', 7, 'ipv6');

/** Keys and contacts travel in requests to it: over http only to this machine, and to hosts of one's own network. */
function isKeptPrivate(text: string): boolean {
  if (!URL.canParse(text)) return true;
  const { protocol, hostname } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, '');
  const version = isIP(host);
  if (protocol !== 'http:') return true;
  if (version !== 0) return OURS.check(host, version === 4 ? 'ipv4' : 'ipv6');
  return !host.includes('.') || /\.(?:localhost|local|internal)$/.test(host);
}

/** A web address without a trailing slash, because paths are appended to it; https, except in a network of one's own. */
export const baseUrl = (what: string) =>
  z
    .url({ protocol: /^https?$/, error: `expected ${what} as a web address (https://…)` })
    .refine(isKeptPrivate, `expected ${what} with https://: over http, others read what is sent`)
    .transform((url) => url.replace(/\/+$/, ''));

/** What examples say, and what somebody types to have something there. */
const PLACEHOLDER =
  /change-?me|your[-_ ]?(secret|token)|secret-?here|example|placeholder|^password|^qwerty|^12345678/i;
/** Fewer different characters than this are a key held down. */
const FEWEST_CHARACTERS = 5;

/** A secret of our own making. One that stands in examples, or is no secret at all, stops the service. */
export const ownSecret = (length: number) =>
  z
    .string(`expected a secret of at least ${length} characters`)
    .min(length, `expected a secret of at least ${length} characters`)
    .refine(
      (text) => !PLACEHOLDER.test(text) && new Set(text).size >= FEWEST_CHARACTERS,
      'expected a secret of your own, not an example (openssl rand -hex 24)',
    );

/** A key of ours for signing and sealing. */
export const secret = ownSecret(32);

/** A secret of our own making that stands in an address. */
export const addressSecret = ownSecret(16).regex(
  /^[A-Za-z0-9_-]{16,100}$/,
  'expected a secret of 16 to 100 letters, digits, - or _',
);

/** A duration in milliseconds, given as a whole number. */
export const milliseconds = (fallback: number) =>
  z.coerce
    .number('expected a whole number of milliseconds')
    .int('expected a whole number of milliseconds')
    .min(0, 'expected a whole number of milliseconds, 0 or more')
    .default(fallback);

/** Where the link of a welcome comes from: with each request of the platform, or made by Supabase Auth at sending. */
export const welcomeLink = z
  .enum(['platform', 'supabase'], { error: 'expected platform or supabase' })
  .default('platform');

/** An hour of the day at which something is told, or `off`. */
export const hourOfDay = (fallback: number | 'off') =>
  z
    .union([z.literal('off'), z.coerce.number().int().min(0).max(23)], {
      error: 'expected an hour from 0 to 23, or off',
    })
    .default(fallback);

/** Where the business is: its day begins at midnight there. */
export const timeZone = z
  .string()
  .refine(isTimeZone, 'expected a time zone such as Asia/Almaty')
  .default('Asia/Almaty');

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }));
  } catch {
    return false;
  }
}

/** One address or several with commas between, as broker/address.ts takes them. */
function isBroker(text: string): boolean {
  return text.split(',').every((each) => {
    const address = each.trim();
    const url = address.includes('://') ? address : `nats://${address}`;
    return URL.canParse(url) && new URL(url).host !== '';
  });
}

/** The project with referrers and commissions: the landing project (`main`), or Tripwire's. */
export const referralProject = z
  .enum(['main', 'tripwire'], { error: 'expected main or tripwire' })
  .default('main');

/** What every service reads. */
export const commonEnv = (defaults: { port: number }) => ({
  NATS_URL: z
    .string()
    .refine(isBroker, 'expected the address of the broker: nats://<host>:4222')
    .default('nats://127.0.0.1:4222'),
  NATS_REPLICAS: z.coerce
    .number('expected 1, 3 or 5')
    .refine((n) => [1, 3, 5].includes(n), 'expected 1, 3 or 5')
    .default(1),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
      error: 'expected trace, debug, info, warn, error or silent',
    })
    .default('info'),
  PORT: port(defaults.port),
  /** Loopback unless told otherwise; the image says 0.0.0.0, because containers are reached from outside. */
  HOST: z.string().min(1).default('127.0.0.1'),
});

/** Tenge that somebody paid of whom nobody tells an amount. */
export const saleDefaultAmount = z.coerce
  .number('expected an amount in tenge')
  .min(0, 'expected an amount in tenge, 0 or more')
  .default(5_000);
