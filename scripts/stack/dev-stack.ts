/**
 * The environment that `npm start` gives to each part (parts.ts), and the program that a part is. A new service has its
 * variables in `stackEnv`, when it needs new ones.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { NATS_ENTRY, type Part } from './parts.ts';
import { pickPort } from './ports.ts';
import { tokenHashesOf } from './secrets.ts';
import type { Program } from './supervisor.ts';

/** In this stack a message leaves soon enough to be watched; the services' own default is ten minutes. */
export const DEMO_DELAY_MS = 15_000;

/** The chosen port of a part's variable. */
export type Ports = (part: string, variable?: string) => number;

/** Chooses a port for every part, saying so where it is not the default. */
export async function choosePorts(
  parts: readonly Part[],
  say: (line: string) => void,
): Promise<Ports> {
  const chosen = new Map<string, number>();
  const taken = new Set<number>();
  for (const { name, ports } of parts) {
    for (const [variable, wanted] of Object.entries(ports)) {
      const port = await pickPort(wanted, taken);
      if (port !== wanted) say(`  port ${wanted} is in use: ${name} gets ${port}`);
      chosen.set(`${name} ${variable}`, port);
    }
  }
  return (part, variable = 'PORT') => chosen.get(`${part} ${variable}`) ?? 0;
}

/** The `.env` file's variables, without PORT, which is each part's own here; empty when there is no file. */
export function readDotEnv(file: string): NodeJS.ProcessEnv {
  try {
    const { PORT: _own, ...rest } = parseEnv(readFileSync(file, 'utf8'));
    return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== ''));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/**
 * The sandbox's AmoCRM account: stages of their own, because 142 and 143, which the services have by
 * default, are won and lost.
 */
const SANDBOX_CRM = {
  AMOCRM_LONG_LIVED_TOKEN: 'amocrm-sandbox-long-lived-token',
  AMOCRM_PIPELINE_ID: '10350882',
  AMOCRM_STAGE_DEFAULT: '83201002',
  AMOCRM_STAGE_KASPI: '83201101',
  AMOCRM_STAGE_HALYK: '83201102',
  AMOCRM_STAGE_ROBOKASSA: '83201103',
  AMOCRM_STAGE_LESSON_1: '83201201',
  AMOCRM_STAGE_LESSON_2: '83201202',
  AMOCRM_STAGE_LESSON_3: '83201203',
  AMOCRM_LEAD_ID_FIELD: '850001',
};

/** The sandbox's page and app at Facebook. */
const SANDBOX_FACEBOOK = {
  FACEBOOK_APP_SECRET: 'facebook-sandbox-app-secret',
  FACEBOOK_VERIFY_TOKEN: 'facebook-sandbox-verify-token',
  FACEBOOK_PAGE_TOKEN: 'facebook-sandbox-page-token',
};

/** The sandbox's three bots. */
const SANDBOX_BOTS = {
  TELEGRAM_LEADS_BOT_TOKEN: '7000000001:AAleads_sandbox_bot_token_000000000',
  TELEGRAM_ADMIN_BOT_TOKEN: '7000000002:AAadmin_sandbox_bot_token_000000000',
  TELEGRAM_MENTOR_BOT_TOKEN: '7000000003:AAmentor_sandbox_bot_token_00000000',
};

/**
 * What every part may read: the stack's own values, over them `.env`, over them the caller's environment.
 * @param hostOf where the parts find each other; on this machine when it is not given
 */
export function stackEnv(
  ports: Ports,
  dataDir: string,
  secrets: Readonly<Record<string, string>>,
  given: NodeJS.ProcessEnv,
  hostOf: (part: string) => string = () => '127.0.0.1',
): NodeJS.ProcessEnv {
  const at = (part: string, variable?: string) => `http://${hostOf(part)}:${ports(part, variable)}`;
  const sandbox = at('sandbox');
  const sandboxPage = `http://localhost:${ports('sandbox')}`;
  const api = `http://localhost:${ports('landing-api')}`;
  const hooks = `${at('landing-api')}/api/webhooks`;
  const known: NodeJS.ProcessEnv = Object.assign({}, secrets, given);
  const secretOf = (name: string) => known[name] ?? '';
  return {
    ...secrets,
    NATS_URL: `nats://${hostOf('nats')}:${ports('nats', 'NATS_PORT')}`,
    LANDING_SUPABASE_URL: at('supabase-local', 'LANDING_SUPABASE_PORT'),
    TRIPWIRE_SUPABASE_URL: at('supabase-local', 'TRIPWIRE_SUPABASE_PORT'),
    SUPABASE_DATA_DIR: path.join(dataDir, 'supabase'),
    NOTIFY_DELAY_MS: String(DEMO_DELAY_MS),
    RESEND_API_KEY: 're_sandbox_key',
    RESEND_BASE_URL: `${sandbox}/resend`,
    RESEND_FROM_EMAIL: 'Leadwire <hello@leadwire.kz>',
    // An account of one's own comes with its own domain.
    ...(given['MAILGUN_BASE_URL'] === undefined && {
      MAILGUN_BASE_URL: `${sandbox}/mailgun`,
      MAILGUN_API_KEY: 'mailgun-sandbox-key',
      MAILGUN_DOMAIN: 'leadwire.kz',
      // Long enough to see it in the sandbox, short enough to wait for it.
      MAIL_FALLBACK_AFTER_MS: '20000',
      MAILGUN_EVENTS_LAG_MS: '30000',
    }),
    MOBIZON_BASE_URL: `${sandbox}/mobizon`,
    MOBIZON_FROM: 'Leadwire',
    AMOCRM_BASE_URL: `${sandbox}/amocrm`,
    // An account of one's own comes with its own way in and its own stages.
    ...(given['AMOCRM_BASE_URL'] === undefined && SANDBOX_CRM),
    TELEGRAM_BASE_URL: `${sandbox}/telegram`,
    // Bots of one's own come without the sandbox's beside them.
    ...(given['TELEGRAM_BASE_URL'] === undefined && SANDBOX_BOTS),
    FACEBOOK_BASE_URL: `${sandbox}/facebook`,
    // A page of one's own comes with its own app.
    ...(given['FACEBOOK_BASE_URL'] === undefined && SANDBOX_FACEBOOK),
    FACEBOOK_WEBHOOK_URL: `${hooks}/facebook`,
    AMOCRM_WEBHOOK_URL: `${hooks}/amocrm/${secretOf('AMOCRM_WEBHOOK_SECRET')}`,
    RESEND_WEBHOOK_URL: `${hooks}/resend`,
    MAILGUN_WEBHOOK_URL: `${hooks}/mailgun`,
    MOBIZON_WEBHOOK_URL: `${hooks}/mobizon/${secretOf('MOBIZON_WEBHOOK_SECRET')}`,
    CONSOLE_URL: `http://localhost:${ports('console')}`,
    MAILER_BATCH_URL: at('mailer-batch'),
    LANDING_API_URL: at('landing-api'),
    PUBLIC_BASE_URL: api,
    PROFTEST_RESULT_URL: `${sandboxPage}/forms/`,
    COURSE_URL: `${sandboxPage}/forms/`,
    LANDING_PAGE_URL: `${sandboxPage}/forms/`,
    CORS_ORIGINS: ['localhost', '127.0.0.1']
      .map((host) => `http://${host}:${ports('sandbox')}`)
      .join(','),
    SANDBOX_DATA_DIR: path.join(dataDir, 'sandbox'),
    JOURNAL_DIR: path.join(dataDir, 'journal'),
    ...given,
    TOKEN_HASHES: tokenHashesOf(known),
  };
}

/** The program that a part is, ready to be started. */
export function toProgram(
  part: Part,
  ports: Ports,
  env: NodeJS.ProcessEnv,
  places: { root: string; dataDir: string; natsServer: string },
): Program {
  const own: NodeJS.ProcessEnv = {};
  for (const name of Object.keys(part.ports)) own[name] = String(ports(part.name, name));
  const [healthPort = ''] = Object.keys(part.ports);
  const isNats = part.entry === NATS_ENTRY;
  return {
    name: part.name,
    command: isNats ? places.natsServer : process.execPath,
    args: isNats
      ? ['-c', writeNatsConfig(ports, places.dataDir)]
      : ['--disable-warning=ExperimentalWarning', path.join(places.root, part.entry)],
    env: {
      ...env,
      HOST: '127.0.0.1',
      ...own,
    },
    healthUrl: `http://127.0.0.1:${ports(part.name, healthPort)}${part.health}`,
    logFile: path.join(places.dataDir, 'logs', `${part.name}.log`),
  };
}

/** Returns the broker's config file. sync_interval: an acknowledged message is on disk, not two minutes later. */
function writeNatsConfig(ports: Ports, dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'nats.conf');
  writeFileSync(
    file,
    [
      'server_name: leadwire',
      `listen: "127.0.0.1:${ports('nats', 'NATS_PORT')}"`,
      `http: "127.0.0.1:${ports('nats', 'NATS_MONITOR_PORT')}"`,
      `jetstream { store_dir: ${JSON.stringify(path.join(dataDir, 'nats'))}, sync_interval: always }`,
      '',
    ].join('\n'),
  );
  return file;
}
