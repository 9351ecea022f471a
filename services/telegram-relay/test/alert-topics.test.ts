import { describe, expect, test } from 'vitest';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import { alertKinds, type AlertKind } from '@leadwire/shared/contract/alert-kinds';
import { alertText, asMessages } from '../src/alerts/alert-text.ts';
import { wordsOf } from '../src/alerts/alert-words.ts';
import {
  NEWS_MS,
  WINDOW_MS,
  asTold,
  newsOf,
  withAlert,
  withoutOld,
  type News,
  type Topics,
} from '../src/alerts/alert-topics.ts';

const WHAT = 'notifier-sms_stopped';
const START = Date.parse('2026-11-20T09:00:00Z');

/** A relay that tells at once whatever is due, with a clock in seconds. */
function teller() {
  let topics: Topics = {};
  const told: string[] = [];
  const look = (second: number) => {
    const now = START + second * 1_000;
    const topic = topics[WHAT];
    const news = topic && newsOf(topic, now);
    if (!topic || news === undefined) return;
    told.push(`${second} ${news}${topic.untold > 1 ? ` ${topic.untold}` : ''}`);
    topics = { ...topics, [WHAT]: asTold(topic, now) };
  };
  return {
    told,
    look,
    topics: () => topics,
    hear: (second: number, state?: Alert['state'], readAt = second): void => {
      const at = new Date(START + second * 1_000).toISOString();
      const alert = { severity: 'critical', what: WHAT, message: 'no money', at } as const;
      topics = withAlert(topics, { ...alert, ...(state && { state }) });
      look(readAt);
    },
  };
}

describe('an alert', () => {
  test('is told at once, its repeats once in a quarter of an hour, its end at once', () => {
    const { hear, look, told } = teller();
    for (const second of [0, 60, 120, 600]) hear(second);
    look(899);
    look(900);
    look(1_900);
    hear(2_000, 'resolved');
    look(9_000);
    expect(told).toEqual(['0 raised', '900 again 3', '2000 resolved']);
  });

  test('that comes five hundred times in a second is two messages', () => {
    const { hear, look, told } = teller();
    for (let n = 0; n < 500; n += 1) hear(n / 1_000);
    for (let second = 1; second < 3_600; second += 15) look(second);
    expect(told).toEqual(['0 raised', '901 again 499']);
  });

  test('is told again at once when it comes back after a quiet time', () => {
    const { hear, told } = teller();
    for (const second of [0, 5_000]) hear(second);
    expect(told).toEqual(['0 raised', '5000 again']);
  });

  test('that goes on and off is told a few times, then gathered, and its end is not lost', () => {
    const { hear, look, told } = teller();
    for (let n = 0; n < 20; n += 1) hear(n * 10, n % 2 === 0 ? 'raised' : 'resolved');
    for (let second = 200; second < 3_600; second += 15) look(second);
    const first = ['0 raised', '10 resolved', '20 raised', '30 resolved'];
    expect(told).toEqual([...first, '905 flickered 8']);
  });

  test('whose end came while nothing could be told is told as over', () => {
    const { hear, look, told, topics } = teller();
    hear(0, 'raised');
    expect(topics()[WHAT]?.known).toBe('raised');
    hear(20, 'resolved');
    look(100);
    expect(told).toEqual(['0 raised', '20 resolved']);
  });

  test('that is over before it is heard of is no news', () => {
    const { hear, told, topics } = teller();
    hear(0, 'resolved');
    expect(told).toEqual([]);
    expect(topics()).toEqual({});
  });

  test('that comes late changes nothing about how it stands', () => {
    const { hear, told } = teller();
    hear(0);
    hear(20, 'resolved');
    hear(10, 'raised', 21);
    expect(told).toEqual(['0 raised', '20 resolved']);
  });

  test('of a day ago is no news', () => {
    const { hear, told } = teller();
    hear(0, 'raised', NEWS_MS / 1_000 + 1);
    expect(told).toEqual([]);
  });

  test('is forgotten after a week', () => {
    const { hear, topics } = teller();
    hear(0);
    const week = 7 * 24 * 60 * 60_000;
    expect(Object.keys(withoutOld(topics(), START + week - 1))).toEqual([WHAT]);
    expect(withoutOld(topics(), START + week)).toEqual({});
  });
});

describe('its text', () => {
  const topic = {
    what: WHAT,
    severity: 'critical' as const,
    message: 'a < b & "c"',
    state: 'raised' as const,
    at: START,
    untold: 12,
    known: 'raised' as const,
    toldAt: START,
    windowFrom: 0,
    toldInWindow: 1,
  };
  const ADVICE =
    'Само не пройдёт: чаще всего дело в ключе, доступе или деньгах. Кто ведёт сервер, узнает причину и что сделать командой npm run leadwire -- doctor. Ничего не теряется: всё ждёт и уйдёт само.';
  const READER = { timeZone: 'Asia/Almaty' };
  const DETAIL = '<i>Подробно: a &lt; b &amp; &quot;c&quot;</i>';
  test.each<[News, string]>([
    ['raised', `🔴 <b>Остановлено: SMS (Mobizon)</b>\n${ADVICE}\n${DETAIL}\nВсего 12 раз.`],
    ['again', `🔴 <b>Остановлено: SMS (Mobizon)</b>\n${ADVICE}\n${DETAIL}\nЕщё 12 раз с 14:00.`],
    ['resolved', '🟢 <b>Снова работает: SMS (Mobizon)</b>\nЗа это время 12 раз с 14:00.'],
  ])('says what happened, what it means and what to do: %s', (news, expected) => {
    expect(alertText(topic, news, READER)).toBe(expected);
  });

  test('shows what was said in Russian as it was said, and names what it does not know as it is', () => {
    const said = { ...topic, what: 'something_new', message: 'Нужен человек.', untold: 0 };
    expect(alertText(said, 'raised', READER)).toBe('🔴 <b>something_new</b>\nНужен человек.');
    expect(wordsOf('mailer-batch_stopped').raised).toBe('Остановлено: рассылки');
    expect(wordsOf('campaign_paused-6f1c').raised).toBe(
      'Рассылка остановилась сама и ждёт решения',
    );
    expect(wordsOf('provider_down').raised).toBe('Внешний сервис не отвечает');
    expect(alertText({ ...said, state: 'resolved' }, 'resolved', READER)).toBe(
      '🟢 <b>Закончилось: something_new</b>\nНужен человек.',
    );
  });

  test('leads to the page of the console where it is seen to, and nowhere once it is over', () => {
    const reader = { ...READER, consoleUrl: 'https://console.leadwire.kz' };
    const paused = { ...topic, what: 'campaign_paused-6f1c', message: 'Рассылка.', untold: 0 };
    expect(alertText(paused, 'raised', reader)).toContain(
      '<a href="https://console.leadwire.kz/campaigns/6f1c">Консоль: эта рассылка</a>',
    );
    expect(alertText(paused, 'raised', READER)).not.toContain('<a');
    expect(alertText(paused, 'resolved', reader)).not.toContain('<a');
  });

  test('of what happens now and then does not count from the time before', () => {
    const upkeep = { ...topic, what: 'upkeep', message: 'Всё в порядке.', untold: 1 };
    expect(alertText(upkeep, 'again', READER)).toBe('🔴 <b>Проверки дня</b>\nВсё в порядке.');
    expect(alertText({ ...upkeep, untold: 3 }, 'again', READER)).toContain('\nВсего 3 раза.');
  });

  test.each(Object.keys(alertKinds))(
    'of %s says what it is, and that it is over, in Russian',
    (kind) => {
      const { raised, resolved } = wordsOf(kind.replace('*', 'notifier-sms'));
      for (const words of [raised, resolved])
        expect(words).toMatch(/^(AmoCRM|Facebook|SMS|Telegram|[А-Я]\p{L}*)[: ][^$]*$/u);
      expect(resolved !== raised).toBe(alertKinds[kind as AlertKind] === 'lasts');
      expect(resolved).not.toMatch(/останов.*в порядке/i);
    },
  );

  test('of many alerts is as few messages as hold them', () => {
    const long = { ...topic, message: 'x'.repeat(5_000) };
    const texts = Array.from({ length: 12 }, () => alertText(long, 'raised', READER));
    const messages = asMessages(texts);
    expect(messages.length).toBeLessThan(5);
    expect(Math.max(...messages.map(({ length }) => length))).toBeLessThanOrEqual(4_096);
    expect(asMessages([])).toEqual([]);
  });
});

test('a window is a quarter of an hour', () => expect(WINDOW_MS).toBe(900_000));
