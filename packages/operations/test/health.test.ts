/** What is said about leads and providers, from what is known of them. */
import { describe, expect, test } from 'vitest';
import { spanRu } from '../src/health/finding.ts';
import { judgeBroker } from '../src/health/broker.ts';
import { judgeProviders, type ProviderFacts } from '../src/health/providers.ts';
import { judgeAlerts } from '../src/health/standing-alerts.ts';
import { judgeSilence, usualLeads, type LeadPace } from '../src/health/silence.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A Friday, 15:30 in Almaty. */
const now = new Date('2026-11-20T10:30:00Z');

/** `perHour` leads in each hour of the days, from 8:00 to 20:00 in Almaty, for so many weeks; the last one then. */
function paceOf(perHour: number, weeks: number, newest: Date): LeadPace {
  const hours: [number, number][] = [];
  const oldest = now.getTime() - weeks * 7 * DAY;
  for (let at = Math.floor(oldest / HOUR) * HOUR; at < now.getTime(); at += HOUR) {
    const hour = new Date(at).getUTCHours();
    if (hour >= 3 && hour < 15) hours.push([at / 1_000, perHour]);
  }
  return { hours, newest: newest.toISOString(), oldest: new Date(oldest).toISOString() };
}
const ago = (ms: number) => new Date(now.getTime() - ms);

describe('silence', () => {
  test.each([
    ['an hour by day', 4, 1, 'warning'],
    ['three hours by day', 4, 3, 'broken'],
    ['half an hour by day', 4, 0.5, 'ok'],
    ['three hours of a quiet business', 0.5, 3, 'ok'],
  ] as const)('of %s', (_what, perHour, hours, state) => {
    expect(judgeSilence(paceOf(perHour, 4, ago(hours * HOUR)), now)).toMatchObject({ state });
  });

  test('says how long, and what is usual', () => {
    expect(judgeSilence(paceOf(3, 4, ago(3 * HOUR)), now)).toMatchObject({
      text: 'за 3 часа ни одной заявки, обычно за это время 9 заявок',
      since: ago(3 * HOUR).toISOString(),
    });
  });

  test('of a night is none', () => {
    const night = new Date('2026-11-20T02:50:00Z');
    const pace = paceOf(4, 4, new Date('2026-11-19T14:55:00Z'));
    expect(judgeSilence(pace, night)).toMatchObject({ state: 'ok' });
  });

  test('counts parts of hours, and only weeks that there were', () => {
    const pace = paceOf(4, 2, ago(1));
    expect(usualLeads(pace, ago(1.5 * HOUR).getTime(), now.getTime())).toBeCloseTo(6);
    expect(usualLeads(paceOf(4, 0.5, ago(1)), ago(HOUR).getTime(), now.getTime())).toBeUndefined();
    expect(judgeSilence({ hours: [], newest: null, oldest: null }, now).state).toBe('ok');
  });
});

describe('a provider', () => {
  const at = (minutes: number) => ago(minutes * 60_000).toISOString();
  const facts = (given: Partial<ProviderFacts>): ProviderFacts => {
    return { calls: [], pausedUntil: new Map(), raised: new Map(), ...given };
  };
  const ok = { action: 'resend.send', status: 'ok', at: at(9) } as const;
  const error = (minutes: number) => {
    const words = 'a@leadwire-sample.kz: 500 internal';
    return { action: 'resend.send', status: 'error', at: at(minutes), error: words } as const;
  };
  const resendOf = (given: Partial<ProviderFacts>) =>
    judgeProviders(facts(given), now).find(({ part }) => part === 'provider:resend');

  test('that was not asked is not spoken of', () => {
    expect(judgeProviders(facts({}), now)).toEqual([]);
  });

  test('that answers is well, also after a failure or two', () => {
    expect(resendOf({ calls: [error(10), ok] })).toMatchObject({
      state: 'ok',
      text: 'последний ответ 9 минут назад',
    });
    expect(resendOf({ calls: [ok, error(8), error(7)] })?.state).toBe('ok');
  });

  test('that fails again and again is broken since the first of them, and nobody is named', () => {
    const found = resendOf({ calls: [error(20), ok, error(8), error(7), error(6)] });
    expect(found).toMatchObject({ state: 'broken', since: at(8) });
    expect(found?.text).toBe(
      'не отвечает как надо уже 8 минут: a•••@leadwire-sample.kz: 500 internal',
    );
  });

  test('whose channel stands still is broken, with the reason; whose account runs low warns', () => {
    const raised = new Map([['sms_balance', { message: 'баланс 3 ₸', at: at(5) }]]);
    expect(judgeProviders(facts({ raised }), now)).toMatchObject([
      { part: 'provider:mobizon', state: 'broken', text: 'остановлено: баланс 3 ₸', since: at(5) },
    ]);
    const low = new Map([['mobizon_balance_low', { message: 'баланс 900 ₸', at: at(5) }]]);
    expect(judgeProviders(facts({ raised: low }), now)).toMatchObject([{ state: 'warning' }]);
    // Our own limit is no matter of money.
    const limit = new Map([['sms_budget', { message: 'x', at: now.toISOString() }]]);
    const [found] = judgeProviders(facts({ raised: limit }), now);
    expect(found?.remedy).toContain('sms budget lift');
    expect(found?.remedy).not.toContain('баланс');
  });

  test('that asks for a pause is waited for', () => {
    const pausedUntil = new Map([['resend', now.getTime() + 120_000]]);
    expect(resendOf({ pausedUntil })).toMatchObject({ state: 'warning' });
  });
});

test('work that nobody takes names the service that is missing', () => {
  const abandoned = [{ durable: 'crm-sync' as const, waiting: 3 }];
  expect(judgeBroker({ version: '2.15', missing: [], abandoned })).toMatchObject([
    { part: 'broker', state: 'ok' },
    { part: 'work:crm-sync', state: 'broken', text: '3 сообщения ждут, никто их не берёт' },
  ]);
});

test.each([
  [20_000, '1 минуту'],
  [4 * 60_000, '4 минуты'],
  [11 * 60_000, '11 минут'],
  [21 * HOUR, '21 час'],
  [3 * DAY, '3 дня'],
])('%i ms is %s', (ms, words) => {
  expect(spanRu(ms)).toBe(words);
});

test('an alert that stands is told, with since when and what to do; one that another finding tells of is not', () => {
  const at = '2026-11-20T10:00:00Z';
  const raised = new Map([
    ['flood', { at }],
    ['notifier-sms_stopped', { at }],
  ]);
  expect(judgeAlerts(raised)).toMatchObject([
    {
      part: 'alert:flood',
      state: 'warning',
      since: at,
      remedy: expect.stringContaining('«Проблемы»'),
    },
  ]);
});
