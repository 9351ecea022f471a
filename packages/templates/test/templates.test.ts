import { beforeAll, describe, expect, test } from '@jest/globals';

import { leadTemplateNames, loadTemplates } from '../src/templates.ts';
import type { TemplateData, TemplateName, Templates } from '../src/templates.ts';

let templates: Templates;
beforeAll(async () => {
  templates = await loadTemplates();
});

const required = {
  brand: 'Leadwire',
  name: 'Айгерим',
  link: 'https://leadwire.kz/next',
  shortLink: 'https://leadwire.kz/s/k7Qm2Xa',
};

function purchase(data: Partial<TemplateData['course-purchase']>) {
  return templates.renderMail('course-purchase', { ...required, ...data });
}

function result(answers: unknown) {
  return templates.renderMail('proftest-result', { ...required, answers });
}

describe('what a lead typed', () => {
  const hostile = {
    tag: '<script>alert(1)</script>',
    closing: '</td></table><h1>Hi</h1>',
    liquid: '{{ brand }}{% if 1 %}{{ 7 | times: 6 }}{% endif %}',
    mjml: '<mj-raw><mj-include path="/etc/passwd" /></mj-raw>',
    quotes: `"'><b onmouseover="x()">&amp;`,
  };

  test.each(Object.entries(hostile))('is shown as it is, not obeyed: %s', (_kind, typed) => {
    const mails = [
      purchase({ name: typed, course: typed }),
      result({ result: typed, [typed]: typed }),
    ];
    for (const mail of mails) {
      expect(mail.html).not.toMatch(/<script|<h1|<mj-|<b |onmouseover="/);
      expect(mail.html).toContain(escapeHtml(typed));
      expect(mail.text).toContain(typed);
    }
  });

  test('keeps emoji and other scripts', () => {
    const mail = purchase({ name: 'Ұлжан 👩🏽‍💻', course: '数据 & 1С' });
    expect(mail.subject).toBe('Ваша заявка на курс «数据 & 1С» принята');
    expect(mail.html).toContain('Здравствуйте, Ұлжан 👩🏽‍💻!');
    expect(mail.html).toContain('数据 &amp; 1С');
  });

  test('cannot add a header or a line', () => {
    const name = 'Анна\r\nBcc: all\r\n\r\n\u2028hello\u0000\u0085\u001b[31m';
    const mail = templates.renderMail('proftest-result', { ...required, name });
    expect(mail.subject).toBe('Анна Bcc: all hello [31m, ваш результат теста готов');
    expect(mail.text).toContain('Здравствуйте, Анна Bcc: all hello [31m!\n');
  });

  test('cannot turn the text around it with bidi controls', () => {
    const mail = purchase({ name: '\u202Eмирегйа\u202C\u2066\u200F\u061C', course: 'а\u202Eb' });
    expect(mail.html + mail.text + mail.subject).not.toMatch(/\p{Bidi_Control}/u);
    expect(mail.text).toContain('Здравствуйте, мирегйа!');
  });

  test('is cut where it is very long, never through an emoji', () => {
    const mail = purchase({ name: '👩🏽‍💻Я'.repeat(1_000), course: 'Ы'.repeat(4_000) });
    expect(mail.html).toMatch(/Здравствуйте, (👩🏽‍💻Я?)+…!/u);
    expect(mail.subject.length).toBeLessThanOrEqual(150);
    expect(mail.html).not.toMatch(/Ы{130}/);
  });

  test.each([
    'https://evil.kz/win',
    'Вы выиграли! www.evil.kz',
    'evil.com',
    '',
    ' \u200B\r\n',
    '!!!',
  ])('is left out of the greeting where it is no name: %j', (name) => {
    const mail = templates.renderMail('proftest-result', { ...required, name });
    expect(mail.subject).toBe('Ваш результат теста готов');
    expect(mail.html).toContain('Здравствуйте!');
    expect(mail.html + mail.text).not.toContain('evil');
  });

  test('never becomes a link', () => {
    const mail = result({ q1: 'https://evil.kz/a javascript:alert(1)', q2: 'смотри evil.com' });
    expect(mail.text).toContain('Вопрос 1 — [ссылка] javascript:alert(1)');
    expect(mail.html + mail.text).not.toMatch(/evil\.kz|evil\.com|href="javascript/);
  });

  test('is encoded as valid UTF-8 even with half an emoji in it', () => {
    const mail = purchase({ name: 'Анна \uD83D' });
    expect(mail.html.isWellFormed()).toBe(true);
    expect(mail.text).toContain('Здравствуйте, Анна!');
  });
});

describe('answers', () => {
  test('may be missing, empty or of a shape that nobody foresaw', () => {
    for (const answers of [undefined, null, {}, [], 'text', 7, { a: null, b: '', c: [], d: {} }]) {
      const mail = result(answers);
      expect(mail.html + mail.text).not.toMatch(/Как вы ответили|Ваш результат: /);
    }
  });

  test('are shown with words for questions, also nested ones', () => {
    const { text } = result({
      result: { title: 'Аналитик' },
      experience: 'Нет',
      q2: true,
      weeklyHours: 6,
      'Что любите?': ['читать', 'считать'],
      quiz: [{ question: 'Где живёте?', answer: 'Астана' }],
      extra: { city: 'Алматы', deep: { deeper: { deepest: 1 } } },
      _internal: 'x',
    });
    expect(text).toContain('Ваш результат: Аналитик');
    expect(text).toContain(
      [
        '- Опыт — Нет',
        '- Вопрос 2 — Да',
        '- Weekly hours — 6',
        '- Что любите? — читать; считать',
        '- Где живёте? — Астана',
        '- Extra — City: Алматы',
      ].join('\n'),
    );
    expect(text).not.toMatch(/_internal|deepest/);
  });

  test('stay a short list and a small mail, however many there are', () => {
    const many = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, n) => [
        `Вопрос ${n} ${'?'.repeat(500)}`,
        '"&<'.repeat(2_000),
      ]),
    );
    const mail = result({
      ...many,
      ...(JSON.parse('{"__proto__":"x","constructor":"y"}') as object),
    });
    expect(mail.text.match(/^- /gm)).toHaveLength(10);
    expect(mail.text).toContain('Здесь только первые ответы');
    expect(Buffer.byteLength(mail.html)).toBeLessThan(102 * 1024);
  });
});

describe('the way to pay', () => {
  test.each([
    ['kaspi', 'поможет оплатить курс через Kaspi'],
    [' Halyk ', 'поможет оплатить курс через Halyk'],
    ['ROBOKASSA', 'пришлёт ссылку для оплаты картой'],
    ['bitcoin', 'подскажет удобный способ оплаты'],
    ['', 'подскажет удобный способ оплаты'],
    [null, 'подскажет удобный способ оплаты'],
    [undefined, 'подскажет удобный способ оплаты'],
  ])('%j is answered with what happens next', (paymentMethod, next) => {
    const mail = purchase({ paymentMethod });
    expect(mail.text).toContain(next);
    expect(mail.html.replaceAll('&nbsp;', ' ')).toContain(next);
  });
});

describe('data that do not fit', () => {
  test.each(
    leadTemplateNames.flatMap((name) => Object.keys(required).map((key) => [name, key] as const)),
  )('%s names the missing variable %s', (name, key) => {
    const data = { ...templates.sample(name), [key]: undefined };
    expect(() => render(name, data)).toThrow(new RegExp(`^${name}: ${key}: `));
  });

  test.each([
    'javascript:alert(1)',
    'ftp://leadwire.kz/x',
    '/result',
    'https://',
    'data:text/html,x',
  ])('a link must be an http address: %s', (link) => {
    expect(() => purchase({ link })).toThrow('course-purchase: link: ');
  });

  test('the error tells nothing that a lead typed', () => {
    expect(() => purchase({ link: 'secret-words' })).not.toThrow('secret-words');
  });

  test('quotes and line breaks in an address stay inside it', () => {
    const link = 'https://leadwire.kz/a?b="><b>\r\nX: 1&c=1';
    const mail = purchase({ link });
    expect(mail.html).toContain('href="https://leadwire.kz/a?b=%22%3E%3Cb%3EX:%201&amp;c=1"');
  });
});

describe('an SMS', () => {
  test('says how many segments the longest link makes', () => {
    const code = 'k7Qm2Xa9';
    const short = { brand: 'Leadwire', shortLink: `http://127.0.0.1:3000/s/${code}` };
    const long = { brand: 'Leadwire', shortLink: `https://links.${'a'.repeat(30)}.kz/s/${code}` };
    for (const name of leadTemplateNames) {
      expect(templates.longestSms(name, short).segments).toBe(1);
      expect(templates.longestSms(name, long).segments).toBe(2);
    }
  });
});

test('the files are read once per process', async () => {
  expect(await loadTemplates()).toBe(templates);
});

function render(name: TemplateName, data: TemplateData[TemplateName]): unknown {
  return [templates.renderSms(name, data), templates.renderMail(name, data)];
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&#34;')
    .replaceAll("'", '&#39;');
}
