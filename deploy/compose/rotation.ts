/**
 * docs/ROTATION.md: how each secret is replaced, and who holds it. Who holds it is not written down here: it is what
 * comes out of part-settings.ts, with the secret in it and with another one.
 *
 *   node deploy/compose/rotation.ts >docs/ROTATION.md
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { brokerUrl, makersFor, passwordName, stackSettings, variablesOf } from './part-settings.ts';
import { PROGRAMS, schemaOf } from '../../scripts/stack/settings-check.ts';

interface Rotation {
  /** Where the new one comes from. */
  made: string;
  /** What else is to be done, or to be known. */
  more?: string;
}

const HERE = 'made here, where `.env` does not give it';
const account = (where: string): Rotation => ({ made: where });
const BOT = 'with @BotFather, `/revoke`: the old one ends at once. Notices wait meanwhile';
const SERVICE_KEY =
  'Supabase, Project settings, API keys: a second secret key; delete the old one when `doctor` is green';

/** Every secret of the stack, without the broker's passwords, which are all alike. */
export const ROTATIONS: Readonly<Record<string, Rotation>> = {
  ADMIN_TOKEN: {
    made: HERE,
    more: 'Whoever uses it is told. It is for emergencies: programs have tokens of their own.',
  },
  METRICS_TOKEN: { made: HERE, more: 'Prometheus reads its file again by itself.' },
  STATUS_TOKEN: { made: HERE },
  CAMPAIGNS_TOKEN: { made: HERE, more: 'The console’s own, for mailer-batch.' },
  PLATFORM_TOKEN: {
    made: HERE,
    more: 'The platform is given the new one. Without a gap: `tokens add platform --scope platform` first, give that to the platform, then rotate this one.',
  },
  AMOCRM_WEBHOOK_SECRET: {
    made: HERE,
    more: 'The new address is entered in AmoCRM’s webhooks. What no hook tells meanwhile is found by the hourly look.',
  },
  MOBIZON_WEBHOOK_SECRET: {
    made: HERE,
    more: 'The new address is entered at Mobizon. Reports meanwhile are asked for.',
  },
  CONSOLE_SECRET: { made: HERE, more: 'Everybody is signed out of the console.' },
  UNSUBSCRIBE_SECRET: {
    made: HERE,
    more: 'Only when it has leaked: the links in mails already sent end with it.',
  },
  CONTACT_HASH_SECRET: {
    made: HERE,
    more: 'Only when it has leaked: everybody’s messages of the day are counted anew, addresses that bounced are tried once more, and the list of erasures knows nobody any more.',
  },
  LANDING_SUPABASE_SERVICE_KEY: account(SERVICE_KEY),
  LANDING_SUPABASE_PUBLISHABLE_KEY: account(
    'Supabase, Project settings, API keys: a second publishable key',
  ),
  TRIPWIRE_SERVICE_ROLE_KEY: account(SERVICE_KEY),
  TRAFFIC_SERVICE_ROLE_KEY: account(SERVICE_KEY),
  SUPABASE_SERVICE_ROLE_KEY: account(SERVICE_KEY),
  LANDING_DATABASE_URL: account('Supabase, Database, reset password'),
  TRIPWIRE_DATABASE_URL: account('Supabase, Database, reset password'),
  TRAFFIC_DATABASE_URL: account('Supabase, Database, reset password'),
  MAIN_DATABASE_URL: account('Supabase, Database, reset password'),
  RESEND_API_KEY: account(
    'resend.com/api-keys: the new one first; delete the old one when `doctor` is green',
  ),
  RESEND_WEBHOOK_SECRET: account(
    'Resend, the webhook’s page. Events of the minutes between are sent again by Resend',
  ),
  MAILGUN_API_KEY: account('Mailgun, API security: the new one first, then delete the old one'),
  MAILGUN_WEBHOOK_SIGNING_KEY: account(
    'Mailgun, API security. Events of the minutes between are sent again by Mailgun',
  ),
  MOBIZON_API_KEY: account(
    'Mobizon’s API page; it replaces the old one at once. SMS in between wait',
  ),
  AMOCRM_CLIENT_SECRET: account('AmoCRM, the integration’s keys; then `leadwire amocrm connect`'),
  AMOCRM_LONG_LIVED_TOKEN: account(
    'AmoCRM, the integration, "Keys and access": a new token. Deals wait meanwhile',
  ),
  TELEGRAM_LEADS_BOT_TOKEN: account(BOT),
  TELEGRAM_ADMIN_BOT_TOKEN: account(BOT),
  TELEGRAM_MENTOR_BOT_TOKEN: account(BOT),
  TELEGRAM_WEBHOOK_SECRET: account('in `.env`; updates in between are brought again'),
  FACEBOOK_APP_SECRET: account(
    'Facebook, the app’s basic settings. Leads in between are found by the next look',
  ),
  FACEBOOK_VERIFY_TOKEN: account('in `.env`; used only when the hook is entered at Facebook'),
  FACEBOOK_PAGE_TOKEN: account('Facebook, the system user: a new token, then end the old one'),
  TURNSTILE_SECRET: account('Cloudflare, the widget: the old one is good for two hours more'),
};

const RESTART = 'docker compose up --detach --force-recreate';
/** Named, they would be started also where the profile leaves them out. */
const LOCAL = ['sandbox', 'supabase-local'];

/** Names of variables that hold a secret. */
export const SECRET_NAME = /(?:TOKEN|KEY|SECRET|PASSWORD|DATABASE_URL)$/;

const ROOT = path.resolve(import.meta.dirname, '../..');
const confs = ['deploy/nats.conf', 'deploy/cluster/nats.conf'];
const natsConf = confs.map((file) => readFileSync(path.join(ROOT, file), 'utf8')).join('\n');

/** The parts whose settings change with the secret; `nats` for the broker's passwords. */
export async function holdersOf(secret: string): Promise<string[]> {
  const [before, after] = [await settingsWith(secret, 'p1'), await settingsWith(secret, 'p2')];
  const parts = PROGRAMS.map(({ name }) => name);
  const changed = parts.filter((name) => before[name] !== after[name]);
  return passwords().includes(secret) ? ['nats', ...changed] : changed;
}

/** Each part's settings as text, where the secret has this value. */
async function settingsWith(secret: string, value: string): Promise<Record<string, string>> {
  const ports = { apiPort: 3000, sandboxPort: 4000, consolePort: 3106 };
  const brokers = ['nats:4222'];
  const made = Object.fromEntries(
    Object.keys(makersFor(natsConf, true)).map((name) => [name, 'p0']),
  );
  const given = { [secret]: value };
  const all = stackSettings({ isLocal: true, brokers, ...ports }, made, given);
  const known = Object.assign(made, given);
  const texts = PROGRAMS.map(async ({ name, entry }) => {
    const url = brokerUrl(brokers, name === 'cli' ? 'admin' : name, known);
    const own = variablesOf(name, await schemaOf(ROOT, entry), { ...all, NATS_URL: url });
    return [name, JSON.stringify(own)] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

/** The broker's passwords, by their variables. */
export function passwords(): string[] {
  return Object.keys(makersFor(natsConf, false)).filter((name) => /^NATS_\w+_PASSWORD$/.test(name));
}

/** The page. */
export async function rotationPage(): Promise<string> {
  const entries = await Promise.all(
    Object.entries(ROTATIONS).map(([name, rotation]) => entryOf(name, rotation)),
  );
  const brokers = await Promise.all(
    passwords().map((name) => entryOf(name, passwordRotation(name))),
  );
  return [
    '# Rotate a secret',
    '',
    '<!-- Written by: node deploy/compose/rotation.ts >docs/ROTATION.md -->',
    '',
    'Each secret, where a new one comes from, and who holds it. Who holds it is read off the code that hands secrets out, so',
    'nobody is forgotten; a test compares this page with it.',
    '',
    '- What is in `.env` is changed there. What was made here is made anew by `docker compose run --rm settings rotate <NAME>`,',
    '  which ends by saying what to restart.',
    '- Then all its holders start again in one go: the line under each secret.',
    '- `docker compose run --rm leadwire doctor` afterwards.',
    '- Tokens of programs (`leadwire tokens`) need none of this: add a second of the same name, give it to its holder, revoke',
    '  the first. No service restarts.',
    '',
    '## Tokens, keys and secrets',
    '',
    ...entries.flat(),
    '## Passwords of the broker’s users',
    '',
    'Made here. Leads go to the journal for the second that the broker is away; nothing is lost.',
    '',
    ...brokers.flat(),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

async function entryOf(name: string, { made, more = '' }: Rotation): Promise<string[]> {
  const holders = (await holdersOf(name)).filter((each) => each !== 'cli');
  const running = holders.filter((each) => !LOCAL.includes(each));
  const local = holders.filter((each) => LOCAL.includes(each));
  return [
    `### ${name}`,
    '',
    `New one: ${made}. ${more}`.trim(),
    '',
    ...(running.length === 0 ? [] : ['```sh', `${RESTART} ${running.join(' ')}`, '```', '']),
    ...(local.length === 0
      ? []
      : [`In the profile \`local\` also \`${local.join('` and `')}\`.`, '']),
    ...(holders.length === 0
      ? ['Nothing runs with it: the CLI reads it, and the next start.', '']
      : []),
  ];
}

function passwordRotation(name: string): Rotation {
  const isAmongBrokers = name === passwordName('cluster');
  return isAmongBrokers
    ? { made: HERE, more: 'A cluster: all three brokers at once.' }
    : { made: HERE };
}

if (import.meta.main) process.stdout.write(await rotationPage());
