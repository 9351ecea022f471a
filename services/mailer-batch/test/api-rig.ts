/** The HTTP API over a socket, with a real broker, real databases and the sandbox; nothing is sent by itself. */
import { afterAll, beforeAll } from 'vitest';
import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createLog } from '@leadwire/shared/runtime/log';
import { createAccess } from '@leadwire/shared/service/access';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startSandboxThread } from '@leadwire/testing/sandbox-thread';
import { ADMIN_TOKEN, mailerEnv } from '@leadwire/testing/settings';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { createHttpPorts } from '../src/api/api.ts';
import { createHttp } from '../src/api/http.ts';
import type { HttpPorts } from '../src/api/http-ports.ts';
import { createCampaignStore } from '../src/campaigns/campaign-store.ts';
import { createChannels } from '../src/sending/channels.ts';
import { envSchema, type MailerEnv } from '../src/env.ts';

/** A week before the live stream of the sample moves to. */
export const NOW = new Date('2026-11-20T10:00:00Z');

/** What the sample campaign says. */
export const variables = {
  stream: 'Как выбрать профессию',
  newDate: '2026-11-27T19:00:00+05:00',
  reason: 'Эксперт заболел.',
  steps: ['Отметьте дату.'],
  link: 'https://leadwire.kz/s/b4Tz9Rc',
};

export interface Answer {
  status: number;
  headers: Headers;
  /** The body as text, and as JSON where it is that. */
  text: string;
  body: Record<string, never>;
}

interface ServeOptions {
  env: MailerEnv;
  bus: Bus;
  now?: () => Date;
  /** Of a mail batch, instead of the product's 100. */
  batchSize?: number;
}

/** The API in this process, listening; nothing is sent by it. */
export async function serveApi({ env, bus, now, batchSize }: ServeOptions) {
  const log = createLog('mailer-batch', 'silent');
  const database = createDatabase({
    project: 'landing',
    url: env.LANDING_SUPABASE_URL,
    serviceKey: env.LANDING_SUPABASE_SERVICE_KEY,
  });
  const made = createChannels(env, { bus, log, metrics: createMetrics('mailer-batch') });
  const { email } = made.channels;
  const channels = {
    ...made.channels,
    email: { ...email, batchSize: batchSize ?? email.batchSize },
  };
  const store = createCampaignStore(database);
  const access = createAccess(env, { bus, log });
  const parts = { log, bus, database, store, ...made, channels, access, wakePump: () => undefined };
  const ports = await createHttpPorts(env, { ...parts, ...(now && { now }) });
  const app = await createHttp(access, ports);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { ports, call: callerOf(url), close: () => app.close() };
}

type Call = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer>;

/** A body that is text or bytes is a CSV unless `headers` say otherwise. */
function callerOf(url: string): Call {
  return async (method, path, body, headers = {}) => {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(body !== undefined && { 'content-type': isRaw ? 'text/csv' : 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    const read = isJson ? (JSON.parse(text) as Answer['body']) : {};
    return { status: response.status, headers: response.headers, text, body: read };
  };
}

/** Starts before the file's tests and ends after them. */
export function useApi() {
  let call: Call;
  let supabase: TestSupabase;
  let bus: Bus;
  let control: SandboxControl;
  let ports: HttpPorts;
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const [broker, databases, sandbox] = await Promise.all([
      startNats(),
      startSupabase(),
      startSandboxThread(),
    ]);
    supabase = databases;
    control = sandbox.control;
    const env = envSchema.parse({
      ...supabase.env,
      ...mailerEnv(sandbox.url),
      // The product's own: what a draft says of its hours and its pace is read here.
      CAMPAIGN_QUIET_HOURS: '21:00-09:00',
      RESEND_RATE_PER_SECOND: '5',
      MOBIZON_RATE_PER_SECOND: '2',
      MOBIZON_SMS_PRICE: '20',
      SUPPORT_EMAIL: 'hello@leadwire.kz',
    });
    bus = await openTestBus(broker, 'mailer-batch');
    const served = await serveApi({ env, bus, now: () => NOW });
    ({ ports, call } = served);
    closing.push(
      () => served.close(),
      () => bus.drain(),
      () => sandbox.stop(),
      () => Promise.all([broker.close(), supabase.close()]),
    );
  }, 300_000);
  afterAll(async () => {
    for (const close of closing) await close();
  }, 60_000);

  return {
    call: (...given: Parameters<Call>) => call(...given),
    supabase: () => supabase,
    bus: () => bus,
    ports: () => ports,
    control: () => control,
    get: (path: string, headers?: Record<string, string>) => call('GET', path, undefined, headers),
    post: (path: string, body: unknown = {}, headers?: Record<string, string>) =>
      call('POST', path, body, headers),
    /** A draft's id; the campaign is about a moved live stream. */
    draft: async (given: Record<string, unknown> = {}): Promise<string> => {
      const base = { name: 'Эфир', channel: 'email', template: 'stream-moved', variables };
      const made = await call('POST', '/api/campaigns', { ...base, ...given });
      if (made.status !== 201) throw new Error(`no draft: ${made.text}`);
      return (made.body as unknown as { campaign: { id: string } }).campaign.id;
    },
  };
}

/** `count` invented people as a list of the request. */
export function recipients(count: number, from = 0): { name: string; email: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    name: 'Айгерим',
    email: `person-${from + index}@mail.leadwire-sample.kz`,
  }));
}
