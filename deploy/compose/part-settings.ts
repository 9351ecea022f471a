/**
 * What each part of the compose stack may know. A part gets the variables that its own schema asks for and
 * nothing else: landing-api, which faces the world, has no key of a provider and no password of another
 * service. Pure functions; settings.ts reads and writes.
 */
import { parseEnv } from 'node:util';
import type { z } from 'zod';
import { EnvError, type EnvProblem } from '@leadwire/shared/runtime/env';
import { stackEnv } from '../../scripts/stack/dev-stack.ts';
import { PARTS } from '../../scripts/stack/parts.ts';
import { CLI, usualPort } from '../../scripts/stack/settings-check.ts';
import { randomBytes } from 'node:crypto';
import { MAKERS, tokenHashesOf, type SecretMakers } from '../../scripts/stack/secrets.ts';

/** Ours to make up. Everything else in MAKERS belongs to an account with somebody, and only the sandbox's may be made up. */
const OURS = [
  ...['ADMIN_TOKEN', 'PLATFORM_TOKEN', 'UNSUBSCRIBE_SECRET', 'CONTACT_HASH_SECRET'],
  ...['CONSOLE_SECRET', 'METRICS_TOKEN', 'CAMPAIGNS_TOKEN'],
  ...['AMOCRM_WEBHOOK_SECRET', 'MOBIZON_WEBHOOK_SECRET'],
];

/** Fixed by docker-compose.yml; in `.env` they are meant for `npm start`. */
const FIXED = [
  ...['HOST', 'PORT', 'NATS_URL', 'JOURNAL_DIR', 'SUPABASE_DATA_DIR', 'SANDBOX_DATA_DIR'],
  ...['LANDING_SUPABASE_PORT', 'TRIPWIRE_SUPABASE_PORT'],
];

/**
 * What the settings container has whoever runs it: of its image and runtime, of docker-compose.yml, of Docker's proxy
 * settings. Node's own names are nobody's setting anywhere (unknown-settings.ts).
 */
const OF_CONTAINER = [
  ...['HOME', 'HOSTNAME', 'PATH', 'PWD', 'SHLVL', 'TERM', 'YARN_VERSION'],
  ...['LEADWIRE_COMMAND', 'BROKERS'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY'],
];

/** The names that somebody wrote into `.env`, out of the container's environment, which has them beside its own. */
export function namesGiven(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => !OF_CONTAINER.includes(name.toUpperCase()));
}

/** The compose stack's own knobs, beside the variables of the parts. */
export interface StackKnobs {
  /** Whether the sandbox and the bundled Supabase are part of it. */
  isLocal: boolean;
  /** `host:port` of each broker. */
  brokers: readonly string[];
  /** The ports under which this machine offers landing-api, and the sandbox's pages. */
  apiPort: number;
  sandboxPort: number;
  /** The port under which this machine offers the console. */
  consolePort: number;
  /** With the profile edge: the names under which the world comes in. */
  domain?: string | undefined;
  consoleDomain?: string | undefined;
}

/** The user that a part runs as: its port's number, so that no part can read the file of another. */
export function userOf(name: string): number {
  const part = PARTS.find((each) => each.name === name);
  return part ? (Object.values(part.ports)[0] ?? 1000) : 1000;
}

/** Everything that is known: generated, the stack's own values, over them what the operator gave. */
export function stackSettings(
  knobs: StackKnobs,
  secrets: Readonly<Record<string, string>>,
  given: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const theirs = Object.fromEntries(
    Object.entries(given).filter(([name, value]) => value !== '' && !FIXED.includes(name)),
  );
  const places = {
    JOURNAL_DIR: '/data/journal',
    MAILER_BATCH_URL: 'http://mailer-batch:3105',
    LANDING_API_URL: 'http://landing-api:3000',
    ...behindEdge(knobs),
  };
  if (!knobs.isLocal) {
    const all: NodeJS.ProcessEnv = { ...secrets, ...places, ...theirs };
    return { ...all, TOKEN_HASHES: tokenHashesOf(all) };
  }
  const page = `http://localhost:${knobs.sandboxPort}`;
  const own = {
    PUBLIC_BASE_URL: `http://localhost:${knobs.apiPort}`,
    CONSOLE_URL: `http://localhost:${knobs.consolePort}`,
    ...behindEdge(knobs),
    PROFTEST_RESULT_URL: `${page}/forms/`,
    COURSE_URL: `${page}/forms/`,
    LANDING_PAGE_URL: `${page}/forms/`,
    CORS_ORIGINS: `${page},http://127.0.0.1:${knobs.sandboxPort}`,
    ...theirs,
  };
  // Inside the stack each part has a host of its own, so every port is free.
  return stackEnv(usualPort, '/data', secrets, own, (part) => part);
}

/** What follows from the world coming in through deploy/Caddyfile: its addresses, and one proxy in front. */
function behindEdge({ domain, consoleDomain }: StackKnobs): Record<string, string> {
  if (!domain) return {};
  return {
    PUBLIC_BASE_URL: `https://${domain}`,
    CONSOLE_URL: `https://${consoleDomain || `console.${domain}`}`,
    TRUST_PROXY: '1',
  };
}

/** NATS_URL of a user: every broker, with the password once for each. */
export function brokerUrl(
  brokers: readonly string[],
  user: string,
  secrets: Readonly<Record<string, string>>,
): string {
  const password = secrets[passwordName(user)] ?? '';
  return brokers.map((broker) => `nats://${user}:${password}@${broker}`).join(',');
}

/** Where brokers of a cluster find each other, as deploy/cluster/nats.conf takes it. */
export function routesOf(
  brokers: readonly string[],
  secrets: Readonly<Record<string, string>>,
): string {
  const password = secrets['NATS_CLUSTER_PASSWORD'] ?? '';
  const hosts = brokers.map((broker) => broker.replace(/:\d+$/, ''));
  return JSON.stringify(hosts.map((host) => `nats-route://route:${password}@${host}:6222`));
}

/** The variable in deploy/nats.conf that holds a user's password. */
export function passwordName(user: string): string {
  return `NATS_${user.replaceAll('-', '_').toUpperCase()}_PASSWORD`;
}

/** Makers of all that this stack makes up: a password for each user in the broker's configuration, and what is ours. */
export function makersFor(natsConf: string, isLocal: boolean): SecretMakers {
  const passwords = [...natsConf.matchAll(/\$(NATS_\w+_PASSWORD)/g)].map(([, name = '']) => name);
  const names = isLocal ? Object.keys(MAKERS) : OURS;
  return {
    ...Object.fromEntries(names.map((name) => [name, MAKERS[name]!])),
    // The server reads it as it reads its configuration: a letter first, then letters and digits.
    ...Object.fromEntries(
      passwords.map((name) => [name, () => `p${randomBytes(24).toString('hex')}`]),
    ),
  };
}

/** What of all that is known a part is given, whether it is enough or not. */
export function variablesOf(
  name: string,
  schema: z.ZodObject,
  all: NodeJS.ProcessEnv,
): Record<string, string> {
  const kept = keptFrom(name, all);
  const wanted = Object.keys(schema.shape).filter((each) => !kept.includes(each));
  return Object.fromEntries(
    wanted.flatMap((each) => {
      const value = all[each];
      return value === undefined || value === '' ? [] : [[each, value] as const];
    }),
  );
}

/**
 * What a part is not given although it would take it. The token that opens everything is the operator's alone: services
 * know its hash, the sandbox has its own. crm-sync needs the database for nothing but the tokens of OAuth.
 */
function keptFrom(name: string, all: NodeJS.ProcessEnv): string[] {
  const kept = ['PORT', 'HOST'];
  if (name !== CLI.name) kept.push('ADMIN_TOKEN');
  if (name === 'crm-sync' && all['AMOCRM_LONG_LIVED_TOKEN']) {
    kept.push('LANDING_SUPABASE_URL', 'LANDING_SUPABASE_SERVICE_KEY');
  }
  return kept;
}

/** What docker compose has by itself: a name that no profile has would silently leave everything out. */
const PROFILES = ['local', 'hosted', 'edge', 'observability', 'cli'];

/** What is wrong with the stack's own knobs. docker compose refuses a port that is none by itself. */
export function problemsOfKnobs(env: NodeJS.ProcessEnv): EnvProblem[] {
  const profiles = (env['COMPOSE_PROFILES'] || 'local').split(',').map((name) => name.trim());
  const isKnown = profiles.every((name) => PROFILES.includes(name));
  if (isKnown && profiles.includes('local') !== profiles.includes('hosted')) return [];
  const problem = `expected local or hosted, with a comma ${PROFILES.slice(2, 4).join(' or ')}`;
  return [{ name: 'COMPOSE_PROFILES', problem }];
}

/** What may not be so where real people are written to. */
export function problemsOfHosted(all: NodeJS.ProcessEnv): EnvProblem[] {
  const { PUBLIC_BASE_URL: publicUrl = 'https:' } = all;
  const examples = Object.entries(all).filter(
    ([name, value = '']) => /TOKEN|KEY|SECRET/.test(name) && /sandbox/i.test(value),
  );
  return [
    ...(publicUrl.startsWith('https:')
      ? []
      : [
          {
            name: 'PUBLIC_BASE_URL',
            problem: 'expected https://…: people open the links that begin with it',
          },
        ]),
    ...examples.map(([name]) => ({
      name,
      problem: 'this is the sandbox’s; expected one of your account',
    })),
  ];
}

/**
 * A file for `node --env-file`, read back to be sure: a value may hold anything but all three quotes at once.
 * @throws EnvError when a value cannot be written so that it is read as it was
 */
export function toEnvFile(settings: Readonly<Record<string, string>>): string {
  const lines = Object.entries(settings).map(([name, value]) => {
    const quote = ["'", '`', '"'].find((each) => !value.includes(each));
    const line = `${name}=${quote ?? ''}${value}${quote ?? ''}`;
    if (parseEnv(line)[name] === value) return line;
    throw new EnvError(`${name}: a value with these characters cannot be passed on`);
  });
  return `${lines.join('\n')}\n`;
}
