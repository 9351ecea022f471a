import { expect, test } from 'vitest';
import { accountsIn } from '../stack/demo.ts';
import { makeHistory } from '../stack/demo-history.ts';

const NOW = new Date('2026-11-29T14:50:00Z');

test('the demo has a month of invented people, each the same whenever it is made', () => {
  const { leads, deliveries, sales } = makeHistory(NOW);
  expect(leads.length).toBeGreaterThan(250);
  expect(makeHistory(NOW)).toEqual({ leads, deliveries, sales });
  // An hour later the same people stand there, and perhaps more.
  const later = makeHistory(new Date(NOW.getTime() + 3_600_000)).leads;
  expect(later.slice(0, leads.length)).toEqual(leads);
  for (const { email, phone, created_at: at } of leads) {
    expect(email).toMatch(/@leadwire-sample\.kz$/);
    expect(phone).toMatch(/^\+7700000\d{4}$/);
    expect(Date.parse(String(at))).toBeLessThan(NOW.getTime() - 3_600_000);
  }
});

test('the demo has something for every screen: what failed, what nobody knows, what was skipped, sales', () => {
  const { leads, sales } = makeHistory(NOW);
  const states = new Set(leads.map(({ sms_status: status }) => status));
  expect([...states].map(String).sort()).toEqual([
    'failed',
    'sent',
    'skipped',
    'undefined',
    'unknown',
  ]);
  expect(sales.length).toBeGreaterThan(10);
});

test('the demo is refused where an account is somebody’s own', () => {
  const sandbox = 'http://127.0.0.1:4000';
  const own = Object.fromEntries(
    [
      'LANDING_SUPABASE_URL',
      'RESEND_BASE_URL',
      'MOBIZON_BASE_URL',
      'AMOCRM_BASE_URL',
      'TELEGRAM_BASE_URL',
    ].map((name) => [name, sandbox]),
  );
  expect(accountsIn(own)).toEqual([]);
  const mixed = { ...own, AMOCRM_BASE_URL: 'https://sample.amocrm.ru' };
  expect(accountsIn(mixed)).toEqual(['AMOCRM_BASE_URL']);
});
