import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createSeal } from '@leadwire/shared/runtime/seal';
import { describe, expect, test } from 'vitest';
import { html } from '../src/html.ts';
import { nextOf, passwordProblem } from '../src/auth/routes.ts';
import { createLoginLimit } from '../src/auth/login-limit.ts';
import { choiceOfForm, choiceOfQuery, hrefOf } from '../src/pages/lead-choice.ts';
import { actorWords, auditWords } from '../src/words/audit.ts';
import { causeWords, reasonWords } from '../src/words/reasons.ts';
import { messageStatus } from '../src/words/status.ts';
import { counted, dayName, moment, weekdayAccusative } from '../src/words/time.ts';

const SECRET = 'a-secret-for-tests-of-32-characters';
const clock = { now: () => new Date('2026-11-26T09:32:00Z'), timeZone: 'Asia/Almaty' };

test('whatever is put into a page is text, unless it was made as HTML', () => {
  const hostile = `<script>alert("1")</script> & 'x'`;
  const page = html`<p title="${hostile}">${[hostile, html`<b>${3}</b>`, null, false]}</p>`;
  const escaped = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;';
  expect(page.text).toBe(`<p title="${escaped}">${escaped}<b>3</b></p>`);
});

describe('what is sealed', () => {
  const seal = createSeal(SECRET, 'address');

  test('opens as it was, and not when a byte, the purpose or the secret is another', () => {
    const closed = seal.close({ words: 'Айгерім' });
    expect(seal.open(closed)).toEqual({ words: 'Айгерім' });
    const changed = closed.slice(0, -1) + (closed.endsWith('A') ? 'B' : 'A');
    const others = [createSeal(SECRET, 'session'), createSeal(`${SECRET}2`, 'address')];
    expect([
      seal.open(changed),
      seal.open(''),
      ...others.map((other) => other.open(closed)),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('carries a search in an address that names nobody', () => {
    const form = new URLSearchParams([
      ['words', ' +7 700 000 18 45 '],
      ['period', '30'],
      ['sources', 'google'],
      ['sources', ''],
    ]);
    const choice = choiceOfForm(form);
    const href = hrefOf(choice, seal);
    expect(href).not.toMatch(/1845|18\+45|google/);
    const back = choiceOfQuery(Object.fromEntries(new URL(href, 'http://x').searchParams), seal);
    expect(back).toEqual(choice);
    // Somebody who is looked for may have come at any time.
    expect(back).toMatchObject({
      words: '+7 700 000 18 45',
      period: 'all',
      sources: ['google', ''],
    });
    expect(choiceOfQuery({ s: 'nonsense' }, seal).isNarrowed).toBe(false);
  });
});

test.each([
  ['/leads/0199c2d4', '/leads/0199c2d4'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['https://evil.example', '/'],
  ['/leads?words=1', '/'],
  [undefined, '/'],
])('after signing in %s leads to %s', (given, expected) => {
  expect(nextOf(given)).toBe(expected);
});

test('a password is ten characters or more and typed twice alike', () => {
  const problem = (password: string, again = password) =>
    passwordProblem(new URLSearchParams({ password, again }));
  expect(problem('девять123')).toMatch(/короче 10/);
  expect(problem('десять1234')).toBeUndefined();
  expect(problem('десять1234', 'десять1235')).toMatch(/не совпадают/);
  expect(problem('ж'.repeat(40))).toMatch(/слишком длинный/);
});

test('five wrong passwords close an address for a quarter of an hour, and no other one', () => {
  let now = 0;
  const limit = createLoginLimit(() => now);
  for (let i = 0; i < 5; i++) limit.failed('a@leadwire-sample.kz');
  expect([limit.left('a@leadwire-sample.kz'), limit.left('b@leadwire-sample.kz')]).toEqual([0, 5]);
  now = 15 * 60_000;
  expect(limit.left('a@leadwire-sample.kz')).toBe(5);
});

describe('words', () => {
  test('of moments', () => {
    expect(moment('2026-11-26T09:41:00Z', clock)).toBe('в 14:41');
    expect(moment('2026-11-26T20:00:00Z', clock)).toBe('завтра в 01:00');
    expect(dayName('2025-11-26T09:41:00Z', clock)).toBe('26 ноября 2025 г.');
    expect(weekdayAccusative(new Date('2026-11-24T09:00:00Z'), clock)).toBe('во вторник');
    expect(counted(1284, ['заявка', 'заявки', 'заявок'])).toBe('1\u00a0284\u00a0заявки');
  });

  test('of reasons: ours by their token, a provider’s by what tells', () => {
    expect(reasonWords('phone_invalid')).toBe('телефон с ошибкой');
    expect(causeWords('attempts_spent', '402 not enough money on the balance')).toBe(
      'нет денег на счёте',
    );
    expect(causeWords('stale', 'anything')).toMatch(/поздно/);
    expect(reasonWords(null)).toBeUndefined();
  });

  test.each([
    [{ status: 'sent', deliveredAt: 'x', openedAt: 'y' }, 'Открыто'],
    [{ status: 'sent', bouncedAt: 'x' }, 'Вернулось'],
    [{ status: 'pending', dueAt: '2026-11-26T09:41:00Z' }, 'Уйдёт в 14:41'],
    [{ status: 'pending', dueAt: '2026-11-26T09:31:00Z' }, 'Ждёт'],
    [{ status: 'unknown' }, 'Неизвестно'],
    [{ status: null, isComing: true }, 'Планируется'],
    [{ status: null }, 'Не нужно'],
  ])('of a message that is %j: %s', (state, word) => {
    expect(messageStatus(state, false, clock).word).toBe(word);
  });

  test('of a message that a quarantined lead does not get', () => {
    expect(messageStatus({ status: null }, true, clock).word).toBe('В карантине');
  });
});

test('the journal has words for whatever is done to campaigns, texts, staff, tokens and forms', () => {
  const root = path.resolve(import.meta.dirname, '../../..');
  const places = ['services/mailer-batch/src/**/*.ts', 'packages/operations/src/**/*.ts'];
  const sources = globSync(places, { cwd: root }).map((file) =>
    readFileSync(path.join(root, file), 'utf8'),
  );
  const pattern = /'((?:campaign|text|staff|token|form)\.[a-z_]+)'/g;
  const done = sources.flatMap((source) =>
    [...source.matchAll(pattern)].map(([, action = '']) => action),
  );
  expect(done.length).toBeGreaterThan(20);
  expect([...new Set(done)].filter((action) => !(action in auditWords))).toEqual([]);
});

test('the journal says who did it as people do', () => {
  const said = ['aida@leadwire-sample.kz', 'cli:marat', 'admin token', null].map(actorWords);
  expect(said).toEqual([
    'aida@leadwire-sample.kz',
    'marat, в терминале',
    'по ключу доступа',
    'неизвестно кто',
  ]);
});
