/** Whatever a stranger types into a form: it never speaks under our name, and nobody can click it. */
import { beforeAll, describe, expect, test } from 'vitest';

import { withoutLinks } from '@leadwire/shared/contacts/without-links';
import { readAnswers } from '../src/answers.ts';
import { loadTemplates, type Templates } from '../src/templates.ts';

const HOSTILE = [
  'https://evil.kz/win',
  'HTTP://EVIL.KZ',
  'hxxp://evil.kz',
  'hххps://evil[.]kz',
  '//evil.kz/win',
  'http:\\\\evil.kz',
  'evil.kz',
  'www.evil.kz',
  'Вы выиграли! evil.kz/1',
  'приз.москва',
  'приз.рус',
  'приз.қаз',
  'ПРИЗ.РФ',
  'приз.онлайн/1',
  'evil。kz',
  'evil．kz',
  'evil｡kz',
  'evil․kz',
  'ｅｖｉｌ.ｋｚ',
  '𝐞𝐯𝐢𝐥.𝐤𝐳',
  'ⓔⓥⓘⓛ.ⓚⓩ',
  '185.10.20.30/win',
  'http://3104445470/win',
  'xn--h1alffa9f.xn--p1ai',
  'evil\u200B.\u200Bkz',
  'evil\u00AD.kz',
  'evil\u2060.\uFEFFkz',
  'evil\u3164.kz',
  '\u202Ezk.live\u202C',
  't.me/evil_bot',
  't[.]me/evil_bot',
  'evil (dot) kz',
  'tg://resolve?domain=evil',
  '@evil_bot',
  '/deactivate',
  'mailto:boss@evil.kz',
  'google.com@evil.kz',
  'javascript:alert(1)//evil.kz',
  '<a href="https://evil.kz">Анна</a>',
  '[приз](https://evil.kz)',
  'Анна\r\nBcc: all@evil.kz\r\n\r\nhttps://evil.kz',
  '{{ brand }}{% if 1 %}evil.kz{% endif %}',
  '<mj-raw><mj-include path="evil.kz" /></mj-raw>',
  'Kaspi счёт заблокирован! Позвоните +7 777 000 00 01',
];

let templates: Templates;
beforeAll(async () => {
  templates = await loadTemplates();
});

describe.each(HOSTILE)('%j', (typed) => {
  const own = {
    brand: 'Leadwire',
    name: typed,
    link: 'https://leadwire.kz/next',
    shortLink: 'https://leadwire.kz/s/k7Qm2Xa',
    supportEmail: null,
  };
  const answers = { result: typed, city: typed, [typed]: typed, q1: [typed, { a: typed }] };

  test('changes no subject, mail or SMS to the person', () => {
    const plain = { ...own, name: '' };
    expect(templates.renderMail('proftest-result', { ...own, answers })).toEqual(
      templates.renderMail('proftest-result', plain),
    );
    expect(
      templates.renderMail('course-purchase', { ...own, course: typed, paymentMethod: typed }),
    ).toEqual(templates.renderMail('course-purchase', plain));
    expect(templates.renderSms('proftest-result', { ...own, answers })).toEqual(
      templates.renderSms('proftest-result', plain),
    );
  });

  test('is no link for the staff, as a name, a question or an answer', () => {
    const shown = readAnswers(answers);
    const texts = [
      withoutLinks(typed),
      shown.result ?? '',
      ...shown.answers.flatMap(({ question, answer }) => [question, answer]),
    ];
    for (const text of texts) {
      // As a browser would read it, whatever the eye sees.
      const read = text.normalize('NFKC').replace(/\p{Default_Ignorable_Code_Point}/gu, '');
      expect(read).not.toMatch(
        /[\p{L}\p{N}][.。][\p{L}\p{N}]|[/\\]{2}|@[\p{L}\p{N}]|(?:^|\s)\/\w|\w:\w/u,
      );
      expect(text).not.toMatch(/\p{Bidi_Control}/u);
    }
  });
});
