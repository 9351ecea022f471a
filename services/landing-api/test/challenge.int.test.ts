/** A challenge that failed holds the lead; one that cannot be checked costs none. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import {
  TURNSTILE_FAILS,
  TURNSTILE_PASSES,
  TURNSTILE_SPENT,
} from '@leadwire/sandbox/turnstile/routes';
import { FORMS_KEY } from '@leadwire/shared/contract/intake-forms';
import { newId } from '@leadwire/shared/contract/ids';
import { readEnv } from '@leadwire/shared/runtime/env';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { envSchema } from '../src/env.ts';
import { form, startApi, type TestApi } from './start-api.ts';

let broker: TestBroker;
let sandbox: Sandbox;
const apis: TestApi[] = [];

beforeAll(async () => {
  [broker, sandbox] = await Promise.all([startNats(), startSandbox()]);
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.stop()));
  await Promise.all([broker.close(), sandbox.close()]);
});

async function start(secret: string, baseUrl = sandbox.url): Promise<TestApi> {
  const env = {
    FORM_CHALLENGE: 'turnstile',
    TURNSTILE_SECRET: secret,
    TURNSTILE_BASE_URL: baseUrl,
  };
  const api = await startApi(broker, { env });
  apis.push(api);
  return api;
}

async function quarantineOf(api: TestApi, more: Record<string, unknown>): Promise<unknown> {
  const { status, body } = await api.post('/api/landing/proftest', form(newId(), more));
  expect(status).toBe(201);
  const lead = await api.lead(body['leadId']);
  expect(JSON.stringify(lead)).not.toContain('cf-turnstile-response');
  return lead.quarantine;
}

const token = () => ({ 'cf-turnstile-response': `token-${newId()}` });

test('who passes is a lead like any other, who does not is held', async () => {
  const passes = await start(TURNSTILE_PASSES);
  expect(await quarantineOf(passes, token())).toBeUndefined();
  expect(await quarantineOf(passes, {})).toBe('challenge');
  expect(await quarantineOf(await start(TURNSTILE_FAILS), token())).toBe('challenge');
  expect(await quarantineOf(await start(TURNSTILE_SPENT), token())).toBe('challenge');
});

test('a builder’s form asks for it where its mapping says which field carries it, and nowhere else', async () => {
  const api = await start(TURNSTILE_PASSES);
  const mapping = { 'cf-turnstile-response': 'challenge' };
  const plain = { kind: 'request', dialect: 'auto', secret: null, active: true };
  const forms = [
    { ...plain, slug: 'guarded', mapping },
    { ...plain, slug: 'plain', mapping: {} },
  ];
  await (await api.bus.bucket('intake_forms')).put(FORMS_KEY, JSON.stringify(forms));
  const post = async (slug: string, fields: Record<string, string>) => {
    const { status, body } = await api.post(`/api/forms/${slug}`, form(newId(), fields));
    expect(status).toBe(200);
    const lead = await api.lead(body['leadId']);
    expect(JSON.stringify(lead)).not.toContain('token-');
    return lead.quarantine;
  };
  expect(await post('guarded', token())).toBeUndefined();
  expect(await post('guarded', {})).toBe('challenge');
  expect(await post('plain', token())).toBeUndefined();
  expect(await post('plain', {})).toBeUndefined();
});

test('a wrong secret of ours, or an outage of theirs, costs no lead', async () => {
  expect(await quarantineOf(await start('a-secret-nobody-knows'), token())).toBeUndefined();
  const nowhere = await start(TURNSTILE_PASSES, 'http://127.0.0.1:9');
  expect(await quarantineOf(nowhere, token())).toBeUndefined();
});

test('a challenge without a secret stops the service', () => {
  expect(() => readEnv(envSchema, { FORM_CHALLENGE: 'turnstile' })).toThrow(
    'TURNSTILE_SECRET: missing (expected with FORM_CHALLENGE=turnstile)',
  );
});
