/** What `npm start` and the compose stack say of wrong settings, before anything is started. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { problemsIn } from '@leadwire/shared/runtime/env';
import { stackEnv } from '../stack/dev-stack.ts';
import { MAKERS } from '../stack/secrets.ts';
import {
  PROGRAMS,
  faultLines,
  mergeFaults,
  refuseFaults,
  schemaOf,
  usualPort,
} from '../stack/settings-check.ts';

const root = path.resolve(import.meta.dirname, '../..');
const example = readFileSync(path.join(root, '.env.example'), 'utf8');
const secrets = Object.fromEntries(Object.entries(MAKERS).map(([name, make]) => [name, make()]));

/** What `npm start` says to somebody who gave this, or '' when it goes on. */
async function told(given: Record<string, string>): Promise<string> {
  return refuseFaults(root, example, given, secrets).then(
    () => '',
    (error: Error) => error.message,
  );
}

test('what the stack makes up itself is right for every part', async () => {
  expect(await told({})).toBe('');
  // Whatever it is, it has every schema read.
  expect(await told({ LOG_LEVEL: 'warn' })).toBe('');
});

test('every fault of every part is told at once, with who reads it and an example', async () => {
  const message = await told({
    NOTIFY_DELAY_MS: '10m',
    LOG_LEVEL: 'loud',
    AMOCRM_BASE_URL: 'kurs.amocrm.ru',
    MAILGUN_BASE_URL: 'https://api.mailgun.net',
    MAILGUN_API_KEY: 'key-0f3a9c',
    CAMPAIGN_QUIET_HOURS: '9 to 21',
    TELEGRAM_PUBLIC_URL: 'https://bots.leadwire-sample.kz',
    SUPABASE_URL: 'https://main.supabase.co',
    FORM_CHALLENGE: 'turnstile',
    NATS_URL: 'nats://',
    LANDING_DATABASE_URL: 'mysql://db',
  });
  const lines = message.split('\n');
  const problemOf = (name: string) => lines.find((line) => line.startsWith(`  ${name}: `)) ?? name;
  expect(problemOf('NOTIFY_DELAY_MS')).toContain('expected a whole number of milliseconds');
  expect(problemOf('LOG_LEVEL')).toContain('expected trace, debug, info');
  expect(problemOf('AMOCRM_BASE_URL')).toContain('https://<name>.amocrm.ru');
  expect(problemOf('MAILGUN_DOMAIN')).toContain('missing (expected beside the other');
  expect(problemOf('CAMPAIGN_QUIET_HOURS')).toContain('expected 21:00-09:00');
  expect(problemOf('TELEGRAM_WEBHOOK_SECRET')).toContain('with TELEGRAM_PUBLIC_URL');
  expect(problemOf('SUPABASE_SERVICE_ROLE_KEY')).toContain('SUPABASE_URL and SUPABASE_SERVICE');
  expect(problemOf('TURNSTILE_SECRET')).toContain('with FORM_CHALLENGE=turnstile');
  expect(problemOf('NATS_URL')).toContain('nats://<host>:4222');
  expect(problemOf('LANDING_DATABASE_URL')).toContain('postgresql://');
  // AmoCRM without a token of its own: both ways in are named.
  expect(problemOf('AMOCRM_CLIENT_ID')).toContain('or give AMOCRM_LONG_LIVED_TOKEN');
  expect(message).toContain('read by notifier; for example NOTIFY_DELAY_MS=600000');
  expect(message).toMatch(/read by [\w, -]*crm-sync[\w, -]*; for example AMOCRM_BASE_URL=https:/);
  expect(new Set(lines.filter((line) => /^ {2}\w/.test(line))).size).toBe(
    lines.filter((line) => /^ {2}\w/.test(line)).length,
  );
});

test('a setting that several parts read is told once', () => {
  const fault = { name: 'LOG_LEVEL', problem: 'expected info' };
  const merged = mergeFaults([
    { part: 'notifier', problems: [fault] },
    { part: 'console', problems: [fault] },
  ]);
  expect(faultLines(merged, '')).toEqual([
    '  LOG_LEVEL: expected info',
    '      read by notifier, console',
  ]);
});

test.each(PROGRAMS)(
  '$name says of each wrong setting what it expects, and shows none',
  async (program) => {
    const schema = await schemaOf(root, program.entry);
    const right = stackEnv(usualPort, root, secrets, {});
    const unclear: string[] = [];
    for (const name of Object.keys(schema.shape)) {
      for (const value of ['-7.5', 'вроде qwerty-тайна', '=,=']) {
        const problems = problemsIn(schema, { ...right, [name]: value });
        const own = problems.find((each) => each.name === name)?.problem;
        if (own?.includes(value)) unclear.push(`${name} shows its value: ${own}`);
        if (own !== undefined && !own.includes('expected'))
          unclear.push(`${name}=${value}: ${own}`);
        if (own !== undefined && /^Invalid|received|Too small/.test(own))
          unclear.push(`${name}=${value}: ${own}`);
      }
    }
    expect(unclear).toEqual([]);
  },
);
