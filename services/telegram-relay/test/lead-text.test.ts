import { describe, expect, test } from 'vitest';
import { contactIssues } from '@leadwire/shared/contract/events';
import { someLead } from '@leadwire/testing/lead';
import { cut } from '../src/bot/html.ts';
import {
  MOST_LEADS,
  gatheredMessage,
  howManyFit,
  leadMessage,
  shortNumber,
  type LeadNews,
} from '../src/leads/lead-text.ts';

const RECEIVED = '2026-01-05T10:00:00.000Z';
const timeZone = 'Asia/Almaty';
const soon = { now: new Date('2026-01-05T10:00:05.000Z'), timeZone };

const news = (overrides: Parameters<typeof someLead>[0] = {}): LeadNews => ({
  lead: someLead({ receivedAt: RECEIVED, ...overrides }),
  dealUrl: 'https://leadwire.amocrm.ru/leads/detail/4711',
  leadUrl: 'https://console.leadwire.kz/leads/1?a="&b=<',
});

describe('a lead that comes alone', () => {
  test('leaves out what is not known', () => {
    const bare = {
      ...news({ email: null, utm: {}, answers: {} }),
      dealUrl: undefined,
      leadUrl: undefined,
    };
    const { lead } = bare;
    expect(leadMessage(bare, soon)).toBe(
      [
        `Профтест ${shortNumber(lead.leadId)}`,
        '<b>Айгерим</b>',
        `Телефон: ${lead.phone}`,
        'Источник: proftest_spring_a',
      ].join('\n'),
    );
  });

  test('names everything that is unusual about its contacts', () => {
    const contactIssues = ['phone_invalid', 'email_missing'] as const;
    const text = leadMessage(news({ contactIssues: [...contactIssues], phone: '8 705 12' }), soon);
    expect(text).toContain('Внимание: телефон с ошибкой, нет почты');
  });

  test('shows answers by our labels, the way they came, and that they came before', () => {
    const text = leadMessage(
      {
        ...news({
          answers: { result: 'Аналитик данных', english: 'B1', q3: 'да, смотрите evil.kz' },
          attribution: {
            clickIds: { fbclid: 'x', fbp: 'y', gclid: 'z' },
            first: { utm: { source: 'google' } },
          },
        }),
        earlier: { count: 2, lastAt: new Date('2025-12-20T09:00:00.000Z') },
      },
      soon,
    );
    for (const line of [
      'Повторная: уже 2, последняя 20.12.2025, 14:00',
      'UTM: instagram / spring_a',
      'Первый визит: google',
      'Клик по рекламе: Facebook, Google',
      'Результат: Аналитик данных',
      'Уровень английского: B1',
      'Вопрос 3: да, смотрите [ссылка]',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  test('has no link that somebody typed, and every number that can be called', () => {
    const text = leadMessage(
      news({
        name: 'Приз evil。kz t.me/x',
        paymentMethod: 'http://evil.kz',
        utm: { source: 'www.evil.kz' },
      }),
      soon,
    );
    expect(text).not.toMatch(/evil|t\.me/);
    expect(text).toContain('Телефон: +7705');
  });

  test.each(contactIssues)('names the flag %s in Russian', (issue) => {
    expect(leadMessage(news({ contactIssues: [issue] }), soon)).toMatch(/Внимание: [а-яё]/);
  });

  test('says when it was received if that was a while ago, in the readers’ time zone', () => {
    const late = { now: new Date('2026-01-05T13:00:00.000Z'), timeZone };
    expect(leadMessage(news(), soon)).not.toContain('Получена');
    expect(leadMessage(news(), late)).toContain('Получена: 05.01.2026, 15:00');
  });

  test('has links whose addresses cannot break out of their tags', () => {
    expect(leadMessage(news(), soon)).toContain(
      '<a href="https://leadwire.amocrm.ru/leads/detail/4711">Сделка</a> · <a href="https://console.leadwire.kz/leads/1?a=&quot;&amp;b=&lt;">Заявка</a>',
    );
  });
});

describe('leads that come together', () => {
  const many = (count: number, overrides = {}) =>
    Array.from({ length: count }, () => news(overrides));

  test('are two lines and the links each, with their numbers', () => {
    const [first, second] = [news(), news({ name: 'Ерлан\nОмаров', kind: 'purchase' })];
    const text = gatheredMessage([first, second]);
    expect(text).toContain('<b>Новых заявок: 2</b>');
    expect(text).toContain(
      `Профтест ${shortNumber(first.lead.leadId)} <b>Айгерим</b>\n${first.lead.phone} · ${first.lead.email}`,
    );
    expect(text).toContain(
      `Покупка курса ${shortNumber(second.lead.leadId)} <b>Ерлан Омаров</b>\n`,
    );
  });

  test('are as many as fit: all of an ordinary kind, fewer of long ones, always one', () => {
    expect(howManyFit(many(100))).toBe(MOST_LEADS);
    const long = {
      name: '👍'.repeat(2_000),
      email: 'x'.repeat(300),
      paymentMethod: '&'.repeat(300),
    };
    const longUtm = { source: 'ж'.repeat(500), campaign: 'ж'.repeat(500) };
    const fit = howManyFit(many(100, { ...long, utm: longUtm }));
    expect(fit).toBeGreaterThan(5);
    expect(fit).toBeLessThan(MOST_LEADS);
    expect(howManyFit(many(1, long))).toBe(1);
  });
});

test('a cut leaves what people see as one character whole', () => {
  expect(cut('Анна', 4)).toBe('Анна');
  expect(cut('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 15)).toBe('👩‍👩‍👧‍👦…');
  expect(cut('👩‍👩‍👧‍👦', 5)).toBe('…');
});
