import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { BatchRecipient, ReadyBatch } from '@leadwire/mailer-batch/sending/channel';
import { createMailChannel } from '@leadwire/mailer-batch/sending/mail-channel';
import { newId } from '@leadwire/shared/contract/ids';
import { noLimit } from '@leadwire/shared/coordination/rate-limiter';
import { createResend } from '@leadwire/shared/providers/resend';
import { loadCampaignTemplates } from '@leadwire/templates/campaign-templates';
import { thawCampaign } from '@leadwire/templates/frozen-campaign';

const AT = '2026-11-20T09:00:00.000Z';
const templates = await loadCampaignTemplates();
const { variables, own } = templates.sample('stream-moved');
const read = templates.readVariables('stream-moved', variables);
const owner = { ...own, timeZone: 'Asia/Almaty' };
const whole = templates.freeze('stream-moved', 'email', read.variables ?? {}, owner);

const channel = createMailChannel({
  resend: createResend({
    apiKey: 're_test',
    // Nothing is asked of it here.
    baseUrl: 'http://127.0.0.1:1',
    limiter: noLimit,
    track: (_name, _context, call) => call(),
  }),
  from: 'Leadwire <hello@leadwire-sample.kz>',
  publicBaseUrl: 'https://leadwire-sample.kz',
  unsubscribeSecret: 'a-secret-for-this-test-of-32-characters',
});

const person = (row: number, more: Partial<BatchRecipient> = {}): BatchRecipient => {
  const contact = `person-${row}@mail.leadwire-sample.kz`;
  return { id: newId(), row, contact, name: 'Айгерим', variables: {}, ...more };
};

const batchOf = (recipients: BatchRecipient[], frozen: unknown): ReadyBatch => ({
  campaignId: newId(),
  n: 1,
  channel: 'email',
  campaignName: 'Эфир перенесён',
  template: 'stream-moved',
  frozen,
  idempotencyKey: 'campaign-1-1',
  attempts: 0,
  isInherited: false,
  at: AT,
  providerRef: null,
  stage: null,
  ratePerSecond: null,
  recipients,
});

const html = '<p>{{ brand }} «\\"html\\":\\"\\"»</p>\n{% if name %}<b>{{ name }}</b>{% endif %}';
const withHtml = (text: string) => ({ ...whole, mail: { ...whole.mail!, html: text } });

test.each([
  ['a text that is nobody’s own at its ends', whole],
  ['a person’s own part at the end', withHtml(`  ${html}  `)],
  ['a person’s own part at the beginning', withHtml(`{{ name }} ${html}`)],
  ['nothing of a person', withHtml('\n <p>{{ brand }}</p>\t\n')],
  [
    'blanks at an end that a person’s part follows',
    withHtml(` {{ name }}<p>\\ "{{ subject }}" </p> `),
  ],
  [
    'values that the text looks at',
    withHtml(
      `<p>{{ name | upcase | default: "Друг" }} {{ button | default: "Страница" }}</p>
       {% if name == "Айгерим" and link %}О{% endif %}{% for name in steps %}{{ name }}{% endfor %}
       {% unless button %}{{ reason | default: "Причины нет" }}{% endunless %}{{ stream }}.`,
    ),
  ],
  ['braces between quotes', withHtml('<p>{{ "}}" | append: link | upcase }} {{ name }}</p>')],
  [
    'values kept for later',
    withHtml('{% capture x %}{{ name }}{% endcapture %}<p>{{ x | size }} {{ reason }}</p>'),
  ],
  ['a value in the subject', { ...whole, mail: { ...whole.mail!, subject: '{{ reason }}' } }],
])('the bytes of a batch are those of its mails rendered one by one: %s', async (_what, frozen) => {
  const people = [
    person(1),
    person(2, { name: null }),
    person(3, { name: 'Ай"ге\\рим 😀', variables: { link: 'https://leadwire-sample.kz/s/1' } }),
    person(4, { name: 'Д’Артаньян', contact: '"html":""@mail.leadwire-sample.kz' }),
    person(5, { name: "О'Нил", variables: { link: 'https://leadwire-sample.kz/s/2?a=1&b=2' } }),
    person(6, { variables: { reason: '<b>"Да" & \'нет\'</b>', link: ' ', stream: '' } }),
    person(7, { variables: { steps: ['раз', '{{ name }}'], reason: 7, button: null } }),
    person(8, { variables: { button: 'Открыть', stream: 'Эфир 😀 \u2028 о выборе' } }),
  ];
  const { body, bodyHash } = await channel.prepare(batchOf(people, frozen));
  const text = (body as Buffer).toString();
  const mails = JSON.parse(text) as Record<string, unknown>[];
  expect(text).toBe(JSON.stringify(mails));
  expect(bodyHash).toBe(createHash('sha256').update(text).digest('hex'));
  const texts = thawCampaign(frozen);
  expect(mails.map(({ to, subject, html, text }) => ({ to, subject, html, text }))).toEqual(
    people.map(({ contact, name, variables }, index) => {
      const headers = mails[index]?.['headers'] as Record<string, string>;
      const unsubscribeUrl = headers['List-Unsubscribe']?.slice(1, -1) ?? '';
      const mail = texts.mail({ name, variables, unsubscribeUrl }, new Date(AT));
      return { to: contact, ...mail };
    }),
  );
  expect(Object.keys(mails[0] ?? {})).toEqual([
    'from',
    'to',
    'subject',
    'html',
    'text',
    'headers',
    'tags',
  ]);
});
