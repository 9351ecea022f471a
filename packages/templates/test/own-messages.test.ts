/** The product's own messages in words that people wrote. */
import { describe, expect, test } from 'vitest';
import {
  builtInText,
  checkOwnMessage,
  messageVariables,
  showOwnMessage,
} from '../src/own-texts/own-message.ts';
import { compileOwnText } from '../src/own-texts/own-template.ts';
import { ownTextSchema, type OwnText } from '../src/own-texts/own-text.ts';
import type { TemplateFiles } from '../src/template-files.ts';
import { loadTemplates, templateNames, type TemplateName } from '../src/templates.ts';

const textOf = (mail: object | null, sms: string | null = null): OwnText =>
  ownTextSchema.parse({ mail, sms });
const mailOf = (blocks: object[], subject = 'Доступ открыт') => ({
  subject,
  preheader: 'Начнём',
  blocks,
});
const BUTTON = { type: 'button', text: 'Открыть', url: '{{ link }}' };
const stopsOf = async (name: TemplateName, content: OwnText) =>
  (await checkOwnMessage(name, content)).flatMap(({ level, what }) =>
    level === 'stop' ? [what] : [],
  );

describe.each(templateNames)('the words of %s', (name) => {
  test('taken as somebody’s own are allowed and say the same to the byte', async () => {
    const content = await builtInText(name);
    expect((await checkOwnMessage(name, content)).filter(({ level }) => level !== 'know')).toEqual(
      [],
    );
    const templates = await loadTemplates();
    const shown = await showOwnMessage(name, content);
    const data = templates.sample(name) as never;
    expect(shown.mail).toEqual(content.mail && templates.renderMail(name, data));
    expect(shown.sms).toEqual(content.sms === null ? null : templates.renderSms(name, data));
  });
});

describe('words of one’s own', () => {
  test('in blocks have the variables of their message, and the frame of all', async () => {
    const content = textOf(
      mailOf([
        { type: 'text', text: 'Здравствуйте, {{ name }}! Курс «{{ course }}» № {{ number }}.' },
        BUTTON,
      ]),
    );
    expect(await stopsOf('certificate-issued', content)).toEqual([]);
    const { mail, sms } = await showOwnMessage('certificate-issued', content, { name: 'Дана' });
    expect(mail?.text).toContain('Здравствуйте, Дана! Курс «');
    expect(mail?.text).toContain('служебное письмо');
    expect(sms).toBeNull();
    expect(await messageVariables('certificate-issued')).toEqual(
      expect.arrayContaining(['name', 'link', 'course', 'number', 'issuedAt', 'brand']),
    );
  });

  test('that a message could not be sent with are refused, with the reason', async () => {
    const said = { type: 'text', text: 'Здравствуйте!' };
    expect(await stopsOf('welcome', textOf(mailOf([said])))).toEqual(['unfit']);
    expect(await stopsOf('welcome', textOf(mailOf([said, BUTTON])))).toEqual([]);
    expect(
      await stopsOf(
        'welcome',
        textOf(mailOf([{ type: 'text', text: 'Город {{ city }}' }, BUTTON])),
      ),
    ).toEqual(['unfit']);
    expect(await stopsOf('welcome', textOf(mailOf([said, BUTTON], 'Для {{ email }}')))).toEqual([
      'unfit',
    ]);
    expect(await stopsOf('welcome', textOf(null, 'Есть SMS'))).toEqual(['unfit']);
    expect(
      await stopsOf('proftest-result', textOf(null, 'Здравствуйте, {{ name }}: {{ shortLink }}')),
    ).toEqual(['unfit']);
    const long = 'Ваш результат теста на профориентацию уже готов: {{ shortLink }}';
    expect(await stopsOf('proftest-result', textOf(null, long))).toEqual(['sms_long']);
    expect(await stopsOf('proftest-result', textOf(null, 'Готово: {{ shortLink }}'))).toEqual([]);
    const [told] = await checkOwnMessage(
      'welcome',
      textOf(mailOf([{ type: 'text', text: '{{ city }}' }, BUTTON])),
    );
    expect(told?.words).toContain('{{ city }}');
    expect(told?.words).toContain('{{ email }}');
  });

  test('change the part they have, and leave a message its own words when they cannot be filled in', async () => {
    const messages = new Map<string, TemplateFiles>();
    const failed: string[] = [];
    const templates = await loadTemplates(undefined, {
      messages,
      onFailure: (name) => failed.push(name),
    });
    const plain = await loadTemplates();
    const data = templates.sample('proftest-result');
    messages.set(
      'proftest-result',
      await compileOwnText('proftest-result', textOf(null, 'Готово: {{ shortLink }}')),
    );
    expect(templates.renderSms('proftest-result', data).text).toBe(`Готово: ${data.shortLink}`);
    expect(templates.renderMail('proftest-result', data)).toEqual(
      plain.renderMail('proftest-result', data),
    );
    messages.set(
      'proftest-result',
      await compileOwnText(
        'proftest-result',
        textOf(mailOf([{ type: 'text', text: '{{ city }}' }])),
      ),
    );
    expect(templates.renderMail('proftest-result', data)).toEqual(
      plain.renderMail('proftest-result', data),
    );
    expect(failed).toEqual(['proftest-result']);
  });
});
