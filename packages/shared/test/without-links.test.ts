import { describe, expect, test } from 'vitest';
import { withoutLinks } from '../src/contacts/without-links.ts';

describe('an address', () => {
  test.each([
    ['https://evil.kz/win', '[ссылка]'],
    ['HTTP://EVIL.KZ', '[ссылка]'],
    ['hxxps://evil[.]kz/a', '[ссылка]'],
    ['hххp://evil.kz', '[ссылка]'],
    ['http[:]//evil.kz', '[ссылка]'],
    ['http:\\\\evil.kz', '[ссылка]'],
    ['http:evil', '[ссылка]'],
    ['смотри www.evil', 'смотри [ссылка]'],
    ['evil.kz', '[ссылка]'],
    ['(evil.kz:8080/x?y#z)', '([ссылка]'],
    ['-evil.kz, Анна', '-[ссылка], Анна'],
    ['_evil.kz', '_[ссылка]'],
    ['приз.москва', '[ссылка]'],
    ['ПРИЗ.РФ', '[ссылка]'],
    ['приз.рус/1', '[ссылка]'],
    ['приз.Москва/1', '[ссылка]'],
    ['сыйлық.қаз', '[ссылка]'],
    ['приз.kz', '[ссылка]'],
    ['奖.中国', '[ссылка]'],
    ['xn--h1alffa9f.xn--p1ai', '[ссылка]'],
    ['evil。kz', '[ссылка]'],
    ['evil．kz', '[ссылка]'],
    ['evil｡kz', '[ссылка]'],
    ['evil․kz', '[ссылка]'],
    ['ｅｖｉｌ．ｋｚ', '[ссылка]'],
    ['𝐞𝐯𝐢𝐥.𝐤𝐳', '[ссылка]'],
    ['ⓔⓥⓘⓛ.ⓚⓩ', '[ссылка]'],
    ['evil.\u200Bkz', '[ссылка]'],
    ['ev\u00ADil.k\u2060z', '[ссылка]'],
    ['evil\u3164.kz', '[ссылка]'],
    ['evil\u2800.kz', '[ссылка]'],
    ['\u202Ezk.live\u202C evil.kz', '[ссылка] [ссылка]'],
    ['e\u0336vil.kz', '[ссылка]'],
    ['t.me/evil', '[ссылка]'],
    ['t[.]me/evil', '[ссылка]'],
    ['evil (dot) kz', '[ссылка]'],
    ['evil {точка} kz', '[ссылка]'],
    ['evil%2Ekz', '[ссылка]'],
    ['185.10.20.30/win', '[ссылка]'],
    ['185.10.20.30', '[ссылка]'],
    ['tg://resolve?domain=evil', '[ссылка]'],
    ['[приз](evil.kz)', '[приз]([ссылка])'],
    ['<a href="evil.kz">', '<a href="[ссылка]">'],
    ['mailto:boss@evil.kz', '[почта]'],
    ['google.com@evil.kz', '[почта]'],
    ['javascript:alert(1)', 'alert(1)'],
    ['tel:+77000000001', '+77000000001'],
    ['tg:evil', 'evil'],
    ['инстаграм @anna_k', 'инстаграм anna_k'],
    ['＠evil', 'evil'],
    ['/deactivate', 'deactivate'],
  ])('%j becomes %j', (typed, shown) => {
    expect(withoutLinks(typed)).toBe(shown);
    expect(withoutLinks(shown)).toBe(shown);
  });
});

describe('what is no address stays as it was typed', () => {
  test.each([
    '3.5 балла',
    'г.Алматы, ул.Абая, д.5',
    '11.12.2026',
    '25.12.2026г.',
    '10.000тг.',
    '12:30-14.00',
    'и т.д., т.е. так',
    'А.С.Пушкин',
    'Иванов И.И.',
    'работаю.Хочу учиться',
    'Әсел Ғабитқызы',
    "Жан-Жак д'Артаньян",
    'да/нет, 24/7, и/или',
    'Node.js, C++, C#, 1С',
    'резюме.pdf',
    '«Аналитика: с нуля!»...',
    '+7 (700) 000-00-01',
    '👩‍💻 ❤️',
    '5 @ 200',
    '',
  ])('%j', (typed) => {
    expect(withoutLinks(typed)).toBe(typed);
  });

  test.each([
    ['г.Москва', 'г. Москва'],
    ['Хочу учиться.Онлайн', 'Хочу учиться. Онлайн'],
    ['A.Serikova', 'A. Serikova'],
    ['Анна\u200B\u202E Ким', 'Анна Ким'],
  ])('%j at most gets its space: %j', (typed, shown) => {
    expect(withoutLinks(typed)).toBe(shown);
  });
});

test.each(['a-', 'a.', 'a@', '1.', 'a:', '[.]', '/a'])(
  'a text of thousands of %j ends soon',
  (piece) => {
    expect(withoutLinks(piece.repeat(20_000))).not.toContain('://');
  },
);
