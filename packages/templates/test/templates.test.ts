import { beforeAll, describe, expect, test } from 'vitest';

import { readAnswers } from '../src/answers.ts';
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

describe('the name in a greeting', () => {
  test.each([
    ['Айгерим', 'Айгерим'],
    ['Ұлжан Әбдіқызы', 'Ұлжан Әбдіқызы'],
    [" Жан-Жак  д'Артаньян ", "Жан-Жак д'Артаньян"],
    ['Shyńǵys Oʼnar', 'Shyńǵys Oʼnar'],
    ['数据', '数据'],
    ['Анна \uD83D', 'Анна'],
    ['\u202EАнна\u202C\u200B', 'Анна'],
  ])('%j is %j', (name, greeted) => {
    const mail = purchase({ name });
    expect(mail.html.replaceAll('&#39;', "'")).toContain(`Здравствуйте, ${greeted}!`);
    expect(mail.text).toContain(`Здравствуйте, ${greeted}!`);
  });

  test('is left out where a form could speak through it', () => {
    for (const name of [
      '',
      ' \u200B\r\n',
      '!!!',
      'Анна 👩🏽‍💻',
      'Анна, вы выиграли',
      'Позвоните 87770000001',
      'Анна. Срочно',
      'evilꞏkz',
      'Ы'.repeat(41),
    ]) {
      expect(purchase({ name }).text).toMatch(/^Здравствуйте!\n/);
    }
  });
});

describe('answers', () => {
  test('may be missing, empty or of a shape that nobody foresaw', () => {
    for (const answers of [undefined, null, {}, [], 'text', 7, { a: null, b: '', c: [], d: {} }]) {
      const mail = result(answers);
      expect(mail.html + mail.text).not.toMatch(/Как вы ответили|Ваш результат: /);
    }
  });

  const many = {
    result: { title: 'аналитик данных' },
    experience: 'Нет',
    q2: true,
    hours_per_week: 6,
    interests: ['Рассказывать людям', 'читать'],
    quiz: [{ question: 'city', answer: 'Астана' }],
    'Что любите?': 'Да',
    job: 'Бухгалтер',
    score: 87_770_000_001,
    _internal: 'x',
  };

  test('are shown to the person by our labels, or not at all', () => {
    const { text } = result(many);
    expect(text).toContain('Ваш результат: Аналитик данных');
    const rows = [
      '- Опыт — Нет',
      '- Вопрос 2 — Да',
      '- Часов на учёбу в неделю — 6',
      '- Интересы — Рассказывать людям',
      '- Город — Астана',
    ];
    expect(text).toContain(`Как вы ответили\n${rows.join('\n')}\n\n`);
    expect(result({ result: 'Победитель лотереи' }).text).not.toContain('Победитель');
  });

  test('are read by the staff as typed too, with our labels where there are some', () => {
    const { result: found, answers } = readAnswers(many);
    expect(found).toBe('Аналитик данных');
    expect(answers.map(({ question, answer }) => `${question}: ${answer}`)).toEqual([
      'Опыт: Нет',
      'Вопрос 2: Да',
      'Часов на учёбу в неделю: 6',
      'Интересы: Рассказывать людям; читать',
      'Город: Астана',
      'Что любите?: Да',
      'Работа сейчас: Бухгалтер',
      'Баллы: 87770000001',
    ]);
    expect(readAnswers({ weeklyHours: 'evil.kz' }).answers).toEqual([
      { question: 'Weekly hours', answer: '[ссылка]' },
    ]);
  });

  test('stay a short list and a small mail, however many there are', () => {
    const questions = Array.from({ length: 900 }, (_, n) => [`q${n}`, 'Да']);
    const mail = result({
      ...Object.fromEntries(questions),
      ...(JSON.parse('{"__proto__":"x","constructor":"y"}') as object),
    });
    expect(mail.text.match(/^- /gm)).toHaveLength(10);
    expect(mail.text).toContain('Здесь только первые ответы');
  });
});

describe('the course', () => {
  test.each([
    ['web', 'Веб-разработка'],
    ['  Аналитика данных с нуля ', 'Аналитика данных с нуля'],
  ])('%j is called by our name', (course, name) => {
    const mail = purchase({ course });
    expect(mail.html).toContain(`Курс «${name}»`);
    expect(mail.text).toContain(`«${name}»`);
    expect(mail.subject).toBe('Ваша заявка на курс принята');
  });

  test('that we do not have is not repeated', () => {
    const mail = purchase({ course: 'Как выиграть миллион' });
    expect(mail.html + mail.text).not.toContain('миллион');
    expect(mail.text).toContain('Мы получили вашу заявку на курс и скоро свяжемся с вами.');
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
