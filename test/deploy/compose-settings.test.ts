/** What docker compose gives to each part: what its schema asks for, and nothing else. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { hashToken } from '@leadwire/shared/contract/access-tokens';
import {
  brokerUrl,
  makersFor,
  namesGiven,
  problemsOfHosted,
  problemsOfKnobs,
  routesOf,
  stackSettings,
  toEnvFile,
  userOf,
  variablesOf,
} from '../../deploy/compose/part-settings.ts';
import { problemsIn, type EnvProblem } from '@leadwire/shared/runtime/env';
import { PROGRAMS, schemaOf, settingNames } from '../../scripts/stack/settings-check.ts';
import { unknownSettings } from '../../scripts/stack/unknown-settings.ts';

const root = path.resolve(import.meta.dirname, '../..');
const natsConf = readFileSync(path.join(root, 'deploy/nats.conf'), 'utf8');
const compose = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8');
const ports = { apiPort: 3000, sandboxPort: 4000, consolePort: 3106 };
const local = { isLocal: true, brokers: ['nats:4222'], ...ports };
const hosted = { ...local, isLocal: false };

const made = (isLocal: boolean) =>
  Object.fromEntries(
    Object.entries(makersFor(natsConf, isLocal)).map(([name, make]) => [name, make()]),
  );

async function look(name: string, all: NodeJS.ProcessEnv) {
  const { entry } = PROGRAMS.find((program) => program.name === name)!;
  const schema = await schemaOf(root, entry);
  const settings = variablesOf(name, schema, { ...all, NATS_URL: 'nats://nats:4222' });
  return { settings, problems: problemsIn(schema, settings) };
}

async function settingsFor(name: string, all: NodeJS.ProcessEnv): Promise<Record<string, string>> {
  return (await look(name, all)).settings;
}

async function problemsFor(name: string, all: NodeJS.ProcessEnv): Promise<EnvProblem[]> {
  return (await look(name, all)).problems;
}

describe('the profile local', () => {
  const all = stackSettings(local, made(true), {});

  test.each(PROGRAMS.map(({ name }) => name))('has all that %s asks for', async (name) => {
    await expect(problemsFor(name, all)).resolves.toEqual([]);
  });

  test('finds the parts under their names', () => {
    expect(all).toMatchObject({
      RESEND_BASE_URL: 'http://sandbox:4000/resend',
      LANDING_SUPABASE_URL: 'http://supabase-local:4001',
      LANDING_API_URL: 'http://landing-api:3000',
      PUBLIC_BASE_URL: 'http://localhost:3000',
    });
  });

  test('keeps keys of providers and of the database from the service that faces the world', async () => {
    const names = Object.keys(await settingsFor('landing-api', all));
    const foreign = names.filter((name) => /RESEND|MOBIZON|SUPABASE|TRIPWIRE/.test(name));
    // What hooks are recognised by opens nothing.
    expect(foreign.filter((name) => !name.endsWith('_WEBHOOK_SECRET'))).toEqual([]);
  });

  test('gives the token that opens everything to nobody but the operator', async () => {
    for (const { name, entry } of PROGRAMS) {
      const own = await settingsFor(name, all);
      expect([name, 'ADMIN_TOKEN' in own]).toEqual([name, name === 'cli']);
      if (!entry.startsWith('services/')) continue;
      expect(own['TOKEN_HASHES']).toContain(`admin:${hashToken(all['ADMIN_TOKEN']!)}`);
      expect(own['TOKEN_HASHES']).toContain(`metrics:${hashToken(all['METRICS_TOKEN']!)}`);
      expect(Object.values(own)).not.toContain(all['METRICS_TOKEN']);
    }
  });

  test('passes over what .env says for npm start alone', () => {
    const given = { HOST: '127.0.0.1', PORT: '9', JOURNAL_DIR: '.data/j', NATS_URL: 'nats://x' };
    const { HOST, PORT, JOURNAL_DIR } = stackSettings(local, made(true), given);
    expect({ HOST, PORT, JOURNAL_DIR }).toEqual({
      HOST: undefined,
      PORT: undefined,
      JOURNAL_DIR: '/data/journal',
    });
  });
});

test('with a domain the public addresses follow from it, and the proxy in front is believed', () => {
  for (const knobs of [local, hosted]) {
    const domain = 'leads.leadwire-sample.kz';
    expect(stackSettings({ ...knobs, domain }, made(true), {})).toMatchObject({
      PUBLIC_BASE_URL: `https://${domain}`,
      CONSOLE_URL: `https://console.${domain}`,
      TRUST_PROXY: '1',
    });
    const given = { PUBLIC_BASE_URL: 'https://go.leadwire-sample.kz', TRUST_PROXY: '2' };
    expect(stackSettings({ ...knobs, domain }, made(true), given)).toMatchObject(given);
  }
});

describe('the profile hosted', () => {
  test('makes up nothing that belongs to an account, and says which part misses what', async () => {
    const all = stackSettings(hosted, made(false), {});
    await expect(settingsFor('landing-api', all)).resolves.toHaveProperty('TOKEN_HASHES');
    const missing = (problems: EnvProblem[]) =>
      problems.filter(({ problem }) => problem.startsWith('missing')).map(({ name }) => name);
    expect(missing(await problemsFor('notifier', all))).toEqual([
      ...['PUBLIC_BASE_URL', 'RESEND_API_KEY', 'RESEND_FROM_EMAIL'],
      ...['PROFTEST_RESULT_URL', 'COURSE_URL', 'MOBIZON_API_KEY'],
    ]);
    expect(missing(await problemsFor('lead-store', all))).toContain('LANDING_SUPABASE_SERVICE_KEY');
    expect(all['RESEND_BASE_URL']).toBeUndefined();
  });

  test('refuses what real people would be written to with: links without https, keys of the sandbox', () => {
    const given = {
      PUBLIC_BASE_URL: 'http://localhost:3000',
      RESEND_API_KEY: 're_sandbox_key',
      MOBIZON_API_KEY: 'k'.repeat(40),
    };
    const told = problemsOfHosted(stackSettings(hosted, made(false), given));
    expect(told.map(({ name }) => name)).toEqual(['PUBLIC_BASE_URL', 'RESEND_API_KEY']);
    expect(JSON.stringify(told)).not.toContain('re_sandbox_key');
    const right = { PUBLIC_BASE_URL: 'https://leads.leadwire-sample.kz' };
    expect(problemsOfHosted(stackSettings(hosted, made(false), right))).toEqual([]);
  });

  test('gives crm-sync no key of the database that it does not need', async () => {
    const { CONTACT_HASH_SECRET = '' } = made(false);
    const account = { AMOCRM_BASE_URL: 'https://school.amocrm.ru', CONTACT_HASH_SECRET };
    const database = {
      LANDING_SUPABASE_URL: 'https://landing.supabase.co',
      LANDING_SUPABASE_SERVICE_KEY: 'sb_secret_0123456789abcdef',
    };
    const long = { ...account, ...database, AMOCRM_LONG_LIVED_TOKEN: 'long-lived-token' };
    expect(Object.keys(await settingsFor('crm-sync', long)).join()).not.toContain('SUPABASE');
    const oauth = {
      ...account,
      ...database,
      AMOCRM_CLIENT_ID: 'id',
      AMOCRM_CLIENT_SECRET: 'secret',
      AMOCRM_REDIRECT_URI: 'https://leadwire-sample.kz/amocrm',
    };
    expect(await settingsFor('crm-sync', oauth)).toMatchObject(database);
  });
});

test.each([
  ['local', []],
  ['hosted,edge', []],
  ['local, observability', []],
  ['hostde', ['COMPOSE_PROFILES']],
  ['local,hosted', ['COMPOSE_PROFILES']],
  ['edge', ['COMPOSE_PROFILES']],
])('COMPOSE_PROFILES=%s', (profiles, names) => {
  expect(problemsOfKnobs({ COMPOSE_PROFILES: profiles }).map(({ name }) => name)).toEqual(names);
});

test('a name in .env that nothing reads is told, without its value; what the container has by itself is not', () => {
  const text = (file: string) => readFileSync(path.join(root, file), 'utf8');
  const [, image = ''] = text('Dockerfile').split(/^FROM \$\{NODE_IMAGE\}$/m);
  const ofImage = [...image.matchAll(/(?<=^ENV .*)\b([A-Z_]+)=/gm)].map(([, name = '']) => name);
  const [, block = ''] = /&settings-environment\n((?: {6}\S.*\n)+)/.exec(compose) ?? [];
  const ofCompose = [...block.matchAll(/^ +([A-Z_]+):/gm)].map(([, name = '']) => name);
  expect(ofImage).toContain('LEADWIRE_COMMAND');
  expect(ofCompose).toContain('BROKERS');
  const example = text('.env.example');
  const names = [...ofImage, ...ofCompose, ...settingNames(example), 'HOSTNAME', 'http_proxy'];
  const env = Object.fromEntries(names.map((name) => [name, 'x']));
  const told = (more: NodeJS.ProcessEnv) =>
    unknownSettings(namesGiven({ ...env, ...more }), example);
  expect(told({})).toEqual([]);
  expect(told({ RESEND_API_KEI: 're_secret' })).toEqual([
    '.env: RESEND_API_KEI is no setting of Leadwire; did you mean RESEND_API_KEY?',
  ]);
});

test('docker-compose.yml names nothing twice: docker compose would not read it', () => {
  const names = [...compose.matchAll(/^ {2}([\w-]+):$/gm)].map(([, name = '']) => name);
  const volumes = compose.indexOf('\nvolumes:\n');
  const services = [...compose.slice(0, volumes).matchAll(/^ {2}([\w-]+):$/gm)].map(
    ([, name]) => name,
  );
  expect(names.length).toBeGreaterThan(services.length);
  expect(services).toEqual([...new Set(services)]);
});

describe('the users', () => {
  test('of the containers are one for each part, as docker-compose.yml has them', () => {
    const parts = PROGRAMS.filter(({ name }) => name !== 'cli');
    expect(new Set(parts.map(({ name }) => userOf(name))).size).toBe(parts.length);
    const missing = parts
      .map(({ name }) => `/settings/${name}.env`)
      .filter((file) => !compose.includes(file));
    expect(missing).toEqual([]);
    for (const { name } of parts) {
      const block = new RegExp(`\\n  ${name}:\\n(?:    .*\\n| {4}#.*\\n)*?    user: '(\\d+):`);
      expect([name, Number(block.exec(compose)?.[1])]).toEqual([name, userOf(name)]);
    }
  });

  test('of the broker each get a password of their own, in a form that its configuration takes', () => {
    const passwords = Object.entries(made(true)).filter(([name]) => name.startsWith('NATS_'));
    expect(passwords.map(([name]) => name)).toContain('NATS_CRM_SYNC_PASSWORD');
    for (const [, password] of passwords) expect(password).toMatch(/^p[0-9a-f]{48}$/);
  });

  test('reach every broker of a cluster', () => {
    const secrets = { NATS_LEAD_STORE_PASSWORD: 'p1' };
    expect(brokerUrl(['a:4222', 'b:4222'], 'lead-store', secrets)).toBe(
      'nats://lead-store:p1@a:4222,nats://lead-store:p1@b:4222',
    );
    expect(routesOf(['a:4222', 'b:4222'], { NATS_CLUSTER_PASSWORD: 'p2' })).toBe(
      '["nats-route://route:p2@a:6222","nats-route://route:p2@b:6222"]',
    );
  });
});

describe('a file of settings', () => {
  test('is read by Node as it was meant, whatever the values hold', () => {
    const settings = {
      A: `Leadwire "Kurs" <hello@leadwire.kz> # $HOME`,
      B: `it's`,
      C: 'two\nlines',
      D: String.raw`back\slash`,
    };
    const folder = mkdtempSync(path.join(tmpdir(), 'leadwire-settings-'));
    try {
      const file = path.join(folder, 'part.env');
      writeFileSync(file, toEnvFile(settings));
      const script = 'const {A,B,C,D} = process.env; console.log(JSON.stringify({A,B,C,D}))';
      const said = execFileSync(process.execPath, [`--env-file=${file}`, '-e', script], {
        env: {},
      });
      expect(JSON.parse(said.toString())).toEqual(settings);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('with a value that cannot be passed on is refused, without showing it', () => {
    expect(() => toEnvFile({ A: `x'"\` # y` })).toThrow(/^A: a value/);
  });
});
