import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { readCode } from '../src/amocrm/amocrm-commands.ts';
import { runCli } from './run-cli.ts';

let broker: TestBroker;
let bus: Bus;
let sandbox: Sandbox;
let supabase: TestSupabase;

beforeAll(async () => {
  [broker, sandbox, supabase] = await Promise.all([startNats(), startSandbox(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
}, 180_000);
afterEach(() => sandbox.control.reset());
afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close(), supabase.close()]);
});

const configured = (more: Record<string, string> = {}) => ({
  NATS_URL: broker.url,
  ...supabase.env,
  AMOCRM_BASE_URL: sandbox.amocrmUrl,
  AMOCRM_LONG_LIVED_TOKEN: 'amocrm-sandbox-long-lived-token',
  AMOCRM_STAGE_KASPI: '83201101',
  AMOCRM_STAGE_HALYK: '83201102',
  AMOCRM_STAGE_ROBOKASSA: '83201103',
  ...more,
});

describe('leadwire doctor', () => {
  test('says of each part that it works, and of the others that they are not configured', async () => {
    const { code, out } = await runCli(configured(), 'doctor');
    expect(out).toContain('✓ broker: nats-server');
    expect(out).toContain('✓ Supabase landing: key and schema are right');
    expect(out).toContain('✓ Supabase tripwire: key and schema are right');
    expect(out).toContain('✓ AmoCRM: account 31850330');
    expect(out).toContain('✓ AmoCRM stage AMOCRM_STAGE_KASPI: 83201101 (Оплата Kaspi)');
    expect(out).toContain('– Resend: not configured (RESEND_API_KEY)');
    expect(code).toBe(0);
  });

  test('names a column of the platform’s tables that somebody took away', async () => {
    const { sql } = supabase.tripwire;
    await sql('alter table tripwire_users rename column lead_id to lead_number');
    const { code, out } = await runCli(configured(), 'doctor');
    await sql('alter table tripwire_users rename column lead_number to lead_id');
    expect(out).toMatch(/✗ Supabase tripwire: .*lead_id/);
    expect(code).toBe(1);
  });

  test('names a stage and a field that are not there, with what to choose from, and fails', async () => {
    const wrong = {
      AMOCRM_STAGE_KASPI: '777',
      AMOCRM_STAGE_DEFAULT: '83201001',
      AMOCRM_LEAD_ID_FIELD: '888',
    };
    const { code, out } = await runCli(configured(wrong), 'doctor');
    expect(out).toMatch(/✗ AmoCRM stage AMOCRM_STAGE_KASPI: 777 is not .* → .*83201101 \(Опл/);
    expect(out).toMatch(/✗ AmoCRM stage AMOCRM_STAGE_DEFAULT: 83201001 .*incoming/);
    expect(out).toContain('✗ AmoCRM fields: AMOCRM_LEAD_ID_FIELD 888 is not there');
    expect(code).toBe(1);
  });

  test('says what 142 and 143 mean where a stage is configured as one of them', async () => {
    const { code, out } = await runCli(configured({ AMOCRM_STAGE_KASPI: '142' }), 'doctor');
    expect(out).toContain('! AmoCRM stage AMOCRM_STAGE_KASPI: 142 is AmoCRM\'s own "won"');
    expect(code).toBe(0);
  });

  test('asks once more when AmoCRM is asked much, and calls no fault what is none', async () => {
    const tooMany = (type: string, body: string) =>
      sandbox.control.addFault({
        provider: 'amocrm',
        count: 1,
        action: { do: 'fixed', status: 429, headers: { 'content-type': type }, body },
      });
    await tooMany('text/html', '<html><h1>429</h1></html>');
    expect((await runCli(configured(), 'doctor')).out).toContain('✓ AmoCRM: account 31850330');

    await tooMany('application/problem+json', '{"status":429,"retry_after":300}');
    const { code, out } = await runCli(configured(), 'doctor');
    expect(out).toContain('! AmoCRM: ');
    expect(out).toContain('Look again in 300 s');
    expect(code).toBe(0);
  });

  test.each([
    ['AMOCRM_LONG_LIVED_TOKEN', 'a-token-that-nobody-made', '✗ AmoCRM: AMOCRM_LONG_LIVED_TOKEN'],
    ['AMOCRM_PIPELINE_ID', '55', '✗ AmoCRM pipeline: 55 is not there'],
    ['LANDING_SUPABASE_SERVICE_KEY', 'sb_secret_wrong_0123456789', '✗ Supabase landing: '],
  ])('finds a wrong %s', async (name, value, told) => {
    const { code, out } = await runCli(configured({ [name]: value }), 'doctor');
    expect(out).toContain(told);
    expect(code).toBe(1);
  });
});

describe('leadwire amocrm connect', () => {
  const client = async () => {
    const { clientId, clientSecret, redirectUri } = await sandbox.control.amocrm.settings();
    return configured({
      AMOCRM_LONG_LIVED_TOKEN: '',
      AMOCRM_CLIENT_ID: clientId,
      AMOCRM_CLIENT_SECRET: clientSecret,
      AMOCRM_REDIRECT_URI: redirectUri,
    });
  };

  test('keeps the tokens for a code, and doctor gets in with them; again is a newer pair', async () => {
    const env = await client();
    for (const version of [1, 2]) {
      const code = await sandbox.control.amocrm.issueCode();
      const back = `http://127.0.0.1:3000/api/amocrm/callback?state=x&code=${code}`;
      const { out } = await runCli(env, 'amocrm', 'connect', '--code', back);
      expect(out).toContain('Connected.');
      expect(await supabase.landing.sql('select version from integration_tokens')).toEqual([
        { version },
      ]);
    }
    expect((await runCli(env, 'doctor')).out).toContain('✓ AmoCRM: account');
  });

  test('says why a code is not taken, and keeps what there was', async () => {
    const before = await supabase.landing.sql('select * from integration_tokens');
    const { code, err } = await runCli(await client(), 'amocrm', 'connect', '--code', 'def50200');
    expect(err).toContain('A code works once, for 20 minutes');
    expect(code).toBe(1);
    expect(await supabase.landing.sql('select * from integration_tokens')).toEqual(before);
  });

  test('finds the code in whatever was pasted', () => {
    expect(readCode(' def50200 ')).toBe('def50200');
    expect(readCode('https://kurs.kz/back?code=abc&state=1')).toBe('abc');
    expect(() => readCode('https://kurs.kz/back?error=access_denied')).toThrow('no code');
  });
});
