/** Texts that people write in blocks: what they become, and what is said about them. */
import { describe, expect, test } from 'vitest';

import { loadCampaignTemplates } from '../src/campaign-templates.ts';
import { thawCampaign } from '../src/frozen-campaign.ts';
import { checkOwnText } from '../src/own-texts/check-text.ts';
import { addressesIn } from '../src/own-texts/text-addresses.ts';
import { compileOwnText, ownTemplate } from '../src/own-texts/own-template.ts';
import { ownTextSchema, type OwnText } from '../src/own-texts/own-text.ts';
import { cleanContent, cleanPasted } from '../src/own-texts/pasted.ts';
import { showOwnText, type ShownFor } from '../src/own-texts/show-text.ts';

type Given = { type: string; [field: string]: unknown };
const head = { subject: 'День открытых дверей', preheader: 'В субботу, в полдень' };
const mailOf = (blocks: Given[], more: object = {}): OwnText =>
  ownTextSchema.parse({ mail: { ...head, blocks, ...more } });
const show = async (content: OwnText, person: ShownFor = {}) =>
  showOwnText(await compileOwnText('open-day', content), person);
const whatOf = async (content: OwnText, level?: string) =>
  (await checkOwnText(content))
    .filter((each) => level === undefined || each.level === level)
    .map(({ what }) => what);
const said = { type: 'text', text: 'Ждём вас.' };

describe('a mail of blocks', () => {
  const whole = mailOf([
    { type: 'heading', text: 'Здравствуйте, {{ name }}!' },
    {
      type: 'text',
      text: 'Ждём **вас** в {{ city | default: "Алматы" }}:\n\n1. [программа](https://leadwire-sample.kz/a?b=1&c=2)\n2. чай',
    },
    { type: 'picture', url: 'https://leadwire-sample.kz/i/x.jpg', alt: 'Зал "Сити"' },
    { type: 'list', items: ['экскурсия', '*пробный урок*'] },
    { type: 'button', text: 'Приду', url: '{{ link }}' },
    { type: 'divider' },
    { type: 'note', text: 'Вход свободный' },
  ]);

  test('has every block in both parts, in the frame of all mails with the way out', async () => {
    const { mail } = await show(whole, { brand: 'Школа' });
    const html = mail!.html.replaceAll('&nbsp;', ' ');
    for (const part of [
      'Здравствуйте, Айгерим!',
      'Школа',
      'программа',
      'экскурсия',
      'Приду',
      'Вход свободный',
      '/u/sample',
    ]) {
      expect([part, html.includes(part), mail!.text.includes(part)]).toEqual([part, true, true]);
    }
    expect(html).toContain('href="https://leadwire-sample.kz/a?b=1&amp;c=2"');
    expect(html).toContain('alt="Зал &quot;Сити&quot;"');
    expect(html).toContain('<strong>вас</strong>');
    expect(mail!.text).toContain('1. программа (https://leadwire-sample.kz/a?b=1&c=2)\n2. чай');
    expect(mail!.text).toContain('Приду:\nhttps://leadwire.kz/\n');
    expect(html).toContain(head.preheader);
  });

  test('that begins with something else than a large heading does not touch the head of the mail', async () => {
    const hasRoom = async (...blocks: Given[]) =>
      (await show(mailOf(blocks))).mail!.html.includes('padding:30px 0 12px');
    const small = { type: 'heading', text: 'Кстати', level: 2 };
    const large = { type: 'heading', text: 'Ждём', level: 1 };
    expect([await hasRoom(said), await hasRoom(small, said)]).toEqual([true, true]);
    expect([await hasRoom(large, said), await hasRoom({ ...large, text: ' ' }, said)]).toEqual([
      false,
      true,
    ]);
  });

  test('greets somebody without a name without a gap', async () => {
    const { mail } = await show(whole, { name: null });
    expect(mail!.text).toMatch(/^Здравствуйте!/);
  });

  test.each(['Рады вам, **{{ name }}**!', '**Рады вам, {{ name }}**!', 'Рады вам, *{{name}}*!'])(
    'greets somebody without a name without a gap, emphasised or not: %s',
    async (text) => {
      const greeting = mailOf([{ type: 'text', text }]);
      const nobody = await show(greeting, { name: null });
      expect(nobody.mail!.text).toMatch(/^Рады вам!/);
      expect(nobody.mail!.html).toMatch(/>Рады вам(<\/strong>)?!/);
      const somebody = await show(greeting, { name: 'Айгерим' });
      expect(somebody.mail!.text).toMatch(/^Рады вам, Айгерим!/);
      expect(somebody.mail!.html).toMatch(/Рады вам, (<strong>|<em>)?Айгерим(<\/strong>|<\/em>)!/);
    },
  );

  test('runs nothing of what was typed: tags, Liquid, addresses that are scripts', async () => {
    const { mail } = await show(
      mailOf([
        {
          type: 'text',
          text: '<img src=x onerror=alert(1)> {% if x %} {{ 1 | raw }} [тут](javascript:alert(1))',
        },
        { type: 'button', text: '<b>', url: 'javascript:alert(1)' },
      ]),
    );
    expect(mail!.html).not.toMatch(/<img src=x|<b>|href="javascript/);
    expect(mail!.text).toContain('<img src=x onerror=alert(1)> {% if x %} {{ 1 | raw }}');
  });

  test('as a campaign asks for its variables and is sent in the version that was frozen', async () => {
    const files = await compileOwnText('open-day', whole);
    const own = new Map([
      ['open-day', ownTemplate(files, { title: 'День', version: 3, problems: [] })],
    ]);
    const templates = await loadCampaignTemplates(undefined, own);
    expect(templates.list().find(({ name }) => name === 'open-day')).toMatchObject({
      channels: ['email'],
      own: { title: 'День', version: 3 },
      variables: [
        { name: 'city', required: false, perRecipient: true },
        { name: 'link', required: true, perRecipient: true },
      ],
    });
    expect(templates.readRecipient('open-day', {}, {}).issues).toEqual([
      { path: 'link', message: 'missing' },
    ]);
    const person = { link: 'https://leadwire-sample.kz/me', city: 'Шымкент' };
    const { variables = {} } = templates.readRecipient('open-day', {}, person);
    const frozen = templates.freeze(
      'open-day',
      'email',
      {},
      { brand: 'Школа', supportEmail: null, timeZone: 'Asia/Almaty' },
    );
    own.clear();
    expect(frozen.textVersion).toBe(3);
    const { text } = thawCampaign(JSON.parse(JSON.stringify(frozen))).mail(
      { name: 'Данияр', variables },
      new Date(0),
    );
    expect(text).toContain('в Шымкент:');
    expect(text).toContain('Приду:\nhttps://leadwire-sample.kz/me');
  });
});

describe('raw MJML', () => {
  const raw = (mjml: string, text = 'Ждём. {{ name }}') =>
    ownTextSchema.parse({ mail: { ...head, mjml, text } });

  test('stands in the same frame', async () => {
    const { mail } = await show(
      raw(
        '<mjml><mj-head><mj-preview>Рядом</mj-preview></mj-head><mj-body><mj-section><mj-column><mj-text>Ждём, {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>',
      ),
    );
    expect(mail!.html).toMatch(/Рядом[\s\S]*Ждём, Айгерим[\s\S]*\/u\/sample/);
    expect(mail!.text).toMatch(/^Ждём\. Айгерим/);
  });

  test.each([
    ['<mj-include path="/etc/hostname" />', /reads no files/],
    ['<mj-raw><script>1</script></mj-raw>', /no scripts/],
    ['<mj-nothing>x</mj-nothing>', /mj-nothing/],
    ['<mj-button href="{{ name }}">x</mj-button>', /may not stand inside a tag/],
  ])('%s is refused', async (mjml, why) => {
    await expect(compileOwnText('x', raw(mjml))).rejects.toThrow(why);
    expect(await whatOf(raw(mjml), 'stop')).toEqual(['broken']);
  });

  test('without a text part is not sent', async () => {
    expect(await whatOf(raw('<mj-text>Ждём</mj-text>', ''), 'stop')).toEqual(['no_text_part']);
  });
});

describe('what is said about a text', () => {
  const good = [said, { type: 'button', text: 'Приду', url: 'https://leadwire-sample.kz/' }];

  test('that is good: nothing', async () => {
    expect(await whatOf(mailOf(good))).toEqual([]);
  });

  test.each<[string, string, OwnText]>([
    ['no_subject', 'stop', mailOf(good, { subject: ' ' })],
    ['name_in_subject', 'stop', mailOf(good, { subject: '{{ name }}, ждём' })],
    ['subject_long', 'mend', mailOf(good, { subject: 'слово '.repeat(20) })],
    ['subject_loud', 'mend', mailOf(good, { subject: 'СКИДКА СЕГОДНЯ' })],
    ['subject_emoji', 'mend', mailOf(good, { subject: 'Ждём 🎉🎉🎉' })],
    ['no_preheader', 'mend', mailOf(good, { preheader: '' })],
    [
      'no_text_part',
      'stop',
      mailOf([{ type: 'picture', url: 'https://leadwire-sample.kz/x.png', alt: 'Афиша' }]),
    ],
    [
      'no_alt',
      'stop',
      mailOf([said, { type: 'picture', url: 'https://leadwire-sample.kz/x.png' }]),
    ],
    ['no_link', 'stop', mailOf([said, { type: 'button', text: 'Приду', url: '' }])],
    [
      'bad_link',
      'stop',
      mailOf([said, { type: 'button', text: 'Приду', url: 'leadwire-sample.kz' }]),
    ],
    ['no_https', 'mend', mailOf([{ type: 'text', text: '[тут](http://leadwire-sample.kz/)' }])],
    [
      'value_in_link',
      'stop',
      mailOf([
        said,
        { type: 'button', text: 'Приду', url: 'https://leadwire-sample.kz/{{ city }}' },
      ]),
    ],
    ['bad_variable', 'stop', mailOf([{ type: 'text', text: '{{ имя клиента }}' }])],
    ['unknown_variable', 'stop', mailOf([{ type: 'text', text: 'Здравствуйте, {{ nmae }}' }])],
    ['needs_column', 'know', mailOf([{ type: 'text', text: 'Город {{ город }}' }])],
    [
      'too_large',
      'stop',
      mailOf(Array.from({ length: 12 }, () => ({ type: 'text', text: 'слово '.repeat(800) }))),
    ],
    ['sms_long', 'mend', ownTextSchema.parse({ sms: 'я'.repeat(71) })],
    ['sms_emoji', 'mend', ownTextSchema.parse({ sms: `${'a'.repeat(100)} 🎉` })],
    ['no_sms', 'stop', ownTextSchema.parse({ sms: ' ' })],
    ['empty', 'stop', ownTextSchema.parse({})],
  ])('%s: %s', async (what, level, content) => {
    expect(await whatOf(content, level)).toContain(what);
  });

  test('which addresses it leads to, once each', () => {
    const content = mailOf([
      { type: 'text', text: '[a](https://leadwire-sample.kz/a) https://leadwire-sample.kz/b' },
      { type: 'button', text: 'x', url: 'https://leadwire-sample.kz/a' },
      { type: 'button', text: 'x', url: '{{ link }}' },
    ]);
    expect(addressesIn(content)).toEqual([
      'https://leadwire-sample.kz/a',
      'https://leadwire-sample.kz/b',
    ]);
  });
});

describe('what was pasted', () => {
  const word = `<!--[if gte mso 9]><xml><w:x>1</w:x></xml><![endif]--><style>p.MsoNormal{margin:0}</style><p class=MsoNormal><b><span style='mso-fareast-language:RU'>Ждём</span></b>&nbsp;вас <a href="https://leadwire-sample.kz/">тут</a><o:p></o:p></p><ul><li>раз</li><li>два</li></ul>`;

  test('from Word keeps its words, links and points, and nothing else', () => {
    expect(cleanPasted(word)).toBe(
      '**Ждём**\u00a0вас [тут](https://leadwire-sample.kz/)\n\n- раз\n- два',
    );
  });

  test('is cleaned in every block, and MJML is not', () => {
    const content = {
      mail: { subject: 'a\u200bb', blocks: [{ type: 'text', text: word }] },
      sms: null,
    };
    expect(cleanContent(content)).toMatchObject({
      mail: { subject: 'ab', blocks: [{ text: expect.stringMatching(/^\*\*Ждём/) }] },
    });
    const raw = { mail: { mjml: '<mj-text>x</mj-text>', text: '<p>' } };
    expect(cleanContent(raw)).toEqual(raw);
  });

  test('loses what nobody sees, and no emoji that is made of several', () => {
    expect(cleanPasted('До\u200b встречи\u2060 👩‍💻 👨‍👩‍👧!')).toBe('До встречи 👩‍💻 👨‍👩‍👧!');
  });

  test('is left alone when it only has signs for less and more', () => {
    expect(cleanPasted('если a < b и b > c')).toBe('если a < b и b > c');
  });
});
