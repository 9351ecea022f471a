/** The console with everything behind it: a database with Auth, a broker, one person of each role. */
import { assemble } from '@leadwire/shared/service/app';
import { startService, type RunningService } from '@leadwire/shared/service/service';
import { freePort, startNats } from '@leadwire/testing/nats';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { createClient } from '@supabase/supabase-js';
import { app } from '../src/app.ts';
import { envSchema } from '../src/env.ts';

export const PASSWORD = 'synthetic pass phrase';
export const people = ['owner', 'sales', 'targetologist', 'viewer'] as const;
export const addressOf = (role: StaffRole) => `${role}@leadwire-sample.kz`;

export interface Rig {
  url: string;
  landing: TestLanding;
  broker: TestBroker;
  service: RunningService;
  /** The ids of the people. */
  ids: Record<StaffRole, string>;
  close(): Promise<void>;
}

export async function startRig(
  given: Record<string, string> = {},
  database: { isFresh?: boolean } = {},
): Promise<Rig> {
  const [landing, broker, port] = await Promise.all([
    startLanding(undefined, database),
    startNats(),
    freePort(),
  ]);
  const env = envSchema.parse({
    ...landing.env,
    NATS_URL: broker.url,
    PORT: String(port),
    HOST: '127.0.0.1',
    CONSOLE_URL: `http://127.0.0.1:${port}`,
    CONSOLE_SECRET: 'a-secret-for-tests-of-32-characters',
    AMOCRM_BASE_URL: 'https://sample.amocrm.ru',
    LOG_LEVEL: 'silent',
    ...given,
  });
  const service = await startService(await assemble(app, env));
  const ids = await addPeople(landing);
  return {
    url: env.CONSOLE_URL,
    landing,
    broker,
    service,
    ids,
    async close() {
      await service.stop();
      await Promise.all([landing.close(), broker.close()]);
    },
  };
}

/** With the weakest hash of their password: one that keeps it from guessing costs a tenth of a second each time. */
async function addPeople({ env, landing }: TestLanding): Promise<Record<StaffRole, string>> {
  const admin = createClient(env.LANDING_SUPABASE_URL, env.LANDING_SUPABASE_SERVICE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });
  const [made] = await landing.sql<{ hash: string }>(
    `select extensions.crypt($1, extensions.gen_salt('bf', 4)) as hash`,
    [PASSWORD],
  );
  const known = { password_hash: made?.hash ?? '', email_confirm: true };
  const ids = {} as Record<StaffRole, string>;
  for (const role of people) {
    const account = { email: addressOf(role), ...known };
    const { data, error } = await admin.auth.admin.createUser(account);
    if (error) throw error;
    ids[role] = data.user.id;
    const utm_sources = role === 'targetologist' ? ['facebook'] : [];
    const row = { id: ids[role], email: addressOf(role), role, utm_sources, active: true };
    await admin.from('staff').insert(row).throwOnError();
  }
  return ids;
}

/** A browser without scripts: it keeps cookies, follows nothing, and posts forms as a page of ours would. */
export class Visitor {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string) {
    this.#url = url;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(path, { headers });
  }

  async post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const own = { 'sec-fetch-site': 'same-origin', ...headers };
    return this.#send(path, { method: 'POST', body: new URLSearchParams(fields), headers: own });
  }

  /** As a form with files in it. */
  async upload(path: string, form: FormData): Promise<Response> {
    const headers = { 'sec-fetch-site': 'same-origin' };
    return this.#send(path, { method: 'POST', body: form, headers });
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(init.headers as Record<string, string>), ...(cookie && { cookie }) };
    const response = await fetch(this.#url + path, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }

  /** The cookies as a browser's context takes them. */
  cookies(): { name: string; value: string; url: string }[] {
    return [...this.#cookies].map(([name, value]) => ({ name, value, url: this.#url }));
  }
}

/** Signed in with their password, as a person would. */
export async function signedIn({ url }: Pick<Rig, 'url'>, role: StaffRole): Promise<Visitor> {
  const visitor = new Visitor(url);
  const answer = await visitor.post('/login', { email: addressOf(role), password: PASSWORD });
  if (answer.status !== 303) throw new Error(`${role} could not sign in: ${answer.status}`);
  return visitor;
}

/** PostgREST with somebody's own token: what they could do with a program of their own. */
export async function askingAs({ landing }: Pick<Rig, 'landing'>, role: StaffRole) {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_PUBLISHABLE_KEY: key } = landing.env;
  const client = createClient(url, key, { auth: { persistSession: false } });
  await client.auth.signInWithPassword({ email: addressOf(role), password: PASSWORD });
  return client;
}
