/** A marketer's campaign from the draft to the report, with mailer-batch and the sandbox behind the console. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { app as mailerBatchApp } from '@leadwire/mailer-batch/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { ADMIN_TOKEN, mailerEnv, sandboxOptions } from '@leadwire/testing/settings';
import { freePort } from '@leadwire/testing/nats';
import { waitFor } from '@leadwire/testing/wait-for';
import { signedIn, startRig, type Rig, type Visitor } from './rig.ts';

let rig: Rig;
let sandbox: Sandbox;
let mailer: ServiceHere;
let marketer: Visitor;

beforeAll(async () => {
  const port = await freePort();
  const MAILER_BATCH_URL = `http://127.0.0.1:${port}`;
  [rig, sandbox] = await Promise.all([
    startRig({
      MAILER_BATCH_URL,
      CAMPAIGNS_TOKEN: ADMIN_TOKEN,
      PUBLIC_BASE_URL: 'https://leadwire.kz',
    }),
    startSandbox(sandboxOptions),
  ]);
  mailer = await startServiceHere(mailerBatchApp, {
    NATS_URL: rig.broker.url,
    ...rig.landing.env,
    ...mailerEnv(sandbox.url),
    PORT: String(port),
  });
  await rig.landing.landing.sql(
    `insert into landing_leads (id, kind, name, email, utm_source, created_at) values
      (gen_random_uuid(), 'proftest', 'Айгерим', 'aigerim@leadwire-sample.kz', 'facebook', now()),
      (gen_random_uuid(), 'proftest', 'Дана', 'dana@leadwire-sample.kz', 'google', now())`,
  );
  marketer = await signedIn(rig, 'sales');
}, 300_000);
afterAll(async () => {
  await mailer?.stop();
  await Promise.all([rig?.close(), sandbox?.close()]);
});

const textOf = async (response: Response) => {
  expect(response.status).toBe(200);
  return (await response.text()).replaceAll('\u00a0', ' ');
};
const goneTo = (response: Response) => {
  expect(response.status).toBe(303);
  return response.headers.get('location') ?? '';
};
const changedAtIn = (page: string) => /name="changedAt" value="([^"]+)"/.exec(page)?.[1] ?? '';
const TEXT = {
  name: 'Перенос',
  'v-stream': 'Как выбрать профессию',
  'v-newDate': '2099-11-27T19:00',
  'v-reason': 'Эксперт заболел.',
  'v-steps': 'Отметьте дату.\nЗадайте вопрос.',
  'v-link': 'https://leadwire.kz/s/b4Tz9Rc',
};

test('a campaign is written, given its people, checked, tried, started by its number and reported', async () => {
  const made = { name: 'Эфир', channel: 'email', template: 'stream-moved' };
  const path = goneTo(await marketer.post('/campaigns', made));
  const fresh = await textOf(await marketer.get(path));
  // What nobody has written yet is not shown as what people get.
  expect(fresh).toContain('Заполните текст, и здесь будет видно');
  const changedAt = changedAtIn(fresh);
  goneTo(await marketer.post(`${path}/text`, { ...TEXT, changedAt }));
  // Somebody else had it open, too.
  const second = await textOf(
    await marketer.post(`${path}/text`, { ...TEXT, name: 'Моё', changedAt }),
  );
  expect(second).toContain('только что изменил кто-то другой');
  expect(second).toContain('Перенос');

  const csv = 'Имя;E-mail\nАйгерим;aigerim@leadwire-sample.kz\nБез;нет\nЕрлан;erlan@gmial.com';
  goneTo(await marketer.post(`${path}/people`, { kind: 'csv', csv }));
  const checked = await textOf(await marketer.get(`${path}?ask=start`));
  expect(checked).toContain('Получат 2 человека');
  expect(checked).toContain('такого адреса или телефона не бывает');
  expect(checked).toContain('gmail.com');
  const tested = await textOf(await marketer.post(`${path}/test`, { to: 'me@leadwire-sample.kz' }));
  expect(tested).toContain('Проба отправлена');

  expect(await textOf(await marketer.post(`${path}/start`, { sure: '5' }))).toContain(
    'Сейчас в списке 2',
  );
  goneTo(await marketer.post(`${path}/start`, { sure: '2' }));
  const over = await waitFor(
    async () => {
      const page = await textOf(await marketer.get(path));
      return page.includes('Закончена') ? page : undefined;
    },
    { timeoutMs: 60_000, what: 'the campaign to end' },
  );
  expect(over).toContain('Отправлено 2 из 2');
  const report = await marketer.get(`${path}/report.csv`);
  const bytes = Buffer.from(await report.arrayBuffer());
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(bytes.toString()).toContain('erlan@gmial.com');
  expect(await textOf(await marketer.get('/campaigns'))).toContain('Перенос');
  const id = path.split('/').at(-1) ?? '';
  await rig.landing.landing.sql(
    `insert into campaign_clicks (event_id, campaign_id, recipient_id, link, clicked_at)
     select r.id::text, r.campaign_id, r.id, 'https://leadwire.kz/s/b4Tz9Rc', now() + interval '1 minute'
     from campaign_recipients r where r.campaign_id = $1`,
    [id],
  );
  const reported = await textOf(await marketer.get(path));
  expect(reported).toContain('leadwire.kz/s/b4Tz9Rc');
  expect(reported).toContain('переходов 2');
  const compared = await textOf(await marketer.get(`/campaigns/compare?a=${id}&b=${id}`));
  expect(compared).toContain('Переходят одинаково');
  expect((await marketer.get('/campaigns/compare?a=nothing')).status).toBe(404);
  goneTo(await marketer.post(`${path}/copy`, {}));
}, 180_000);

test('two subjects are tried on a part of the list: refused without the number of people, then sent to both halves', async () => {
  const made = { name: 'Две темы', channel: 'email', template: 'stream-moved' };
  const path = goneTo(await marketer.post('/campaigns', made));
  goneTo(await marketer.post(`${path}/text`, TEXT));
  const rows = Array.from({ length: 12 }, (_, n) => `Дана;half-${n}@mail.leadwire-sample.kz`);
  goneTo(
    await marketer.post(`${path}/people`, { kind: 'csv', csv: `Имя;E-mail\n${rows.join('\n')}` }),
  );
  expect(await textOf(await marketer.get(path))).toContain('Проба двух вариантов');
  const fields = { a: 'Эфир перенесён', b: 'Новое время эфира', share: '50', wait: '4' };
  const subjects = (sure: string) => marketer.post(`${path}/subjects`, { ...fields, sure });
  expect(await textOf(await subjects(''))).toContain('Число не совпало');
  expect(await textOf(await subjects('11'))).toContain('12');
  expect(await sandbox.control.mails('half-0@mail.leadwire-sample.kz')).toEqual([]);
  expect(goneTo(await subjects('12'))).toBe(path);
  const tried = await textOf(await marketer.get(path));
  for (const part of ['Две темы', fields.a, fields.b]) expect(tried).toContain(part);
  const subjectsSent = async () => {
    const mails = (await sandbox.control.mails()).filter(({ to }) => /^half-/.test(to[0] ?? ''));
    return mails.length === 6 ? mails.map(({ subject }) => subject).sort() : undefined;
  };
  const sent = await waitFor(subjectsSent, { timeoutMs: 60_000, what: 'both halves of the trial' });
  expect(sent).toEqual([...Array(3).fill(fields.b), ...Array(3).fill(fields.a)].sort());
}, 180_000);

test('a segment is counted while it is edited, saved, and gives a draft its people', async () => {
  const row = { name: 'Из Facebook', group: '0', '0.field': 'utm_source', '0.sign': '=' };
  const count = (value: string) =>
    marketer.post('/campaigns/segments', { ...row, '0.value': value, act: 'count' });
  expect(await textOf(await count('facebook, google'))).toContain('письмо получат 2 человека');
  expect(await textOf(await count('facebook'))).toContain('письмо получит 1 человек');
  goneTo(
    await marketer.post('/campaigns/segments', { ...row, '0.value': 'facebook', act: 'save' }),
  );
  const list = await textOf(await marketer.get('/campaigns/segments'));
  const id = /campaigns\/segments\/([0-9a-f-]{36})/.exec(list)?.[1] ?? '';

  const made = { name: 'По сегменту', channel: 'email', template: 'stream-moved' };
  const path = goneTo(await marketer.post('/campaigns', made));
  goneTo(await marketer.post(`${path}/text`, TEXT));
  goneTo(await marketer.post(`${path}/people`, { kind: 'segment', segment: id }));
  expect(await textOf(await marketer.get(path))).toContain('В списке 1 человек');
  expect(goneTo(await marketer.post(`${path}/delete`, {}))).toContain('deleted');
}, 120_000);

test('a picture goes into its block, and what is none leaves what was written', async () => {
  const write = (name: string, file: Blob) => {
    const form = new FormData();
    const head = { title: 'День', name: 'open-day', subject: 'Ждём', base: '0', block: '0' };
    const block = { '0.type': 'picture', '0.alt': 'Зал школы', act: 'picture:0' };
    for (const [key, value] of Object.entries({ ...head, ...block })) form.append(key, value);
    form.append('0.file', file, name);
    return marketer.upload('/campaigns/texts', form);
  };
  const dot = Buffer.from('R0lGODlhAQABAIAAAP///wAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');
  const taken = await textOf(await write('dot.gif', new Blob([dot])));
  expect(taken).toContain('Картинка загружена: 1 × 1');
  expect(taken).toMatch(/value="http[^"]+\/i\/[0-9a-f]{32}\.gif"/);
  const large = await textOf(await write('large.jpg', new Blob([Buffer.alloc(20 * 1024 * 1024)])));
  expect(large).toContain('Картинка 20 МБ, а можно до 10 МБ');
  expect(large).toContain('Зал школы');
}, 120_000);

test('an owner puts own words in the place of a message, is refused what could not be sent, and takes them back', async () => {
  const owner = await signedIn(rig, 'owner');
  const path = '/settings/texts/welcome';
  expect(await textOf(await owner.get(path))).toContain('Сейчас уходит этот встроенный текст');
  const head = { subject: 'Доступ открыт', preheader: 'Начнём', base: '0', act: 'save' };
  const words = { ...head, block: '0', '0.type': 'text', '0.text': 'Здравствуйте! Рады вам.' };
  const refused = await textOf(await owner.post(path, words));
  expect(refused).toContain('В письме нет кнопки или ссылки');
  expect(refused).toContain('Рады вам.');
  const linked = { ...words, '0.text': 'Рады вам. [Придумать пароль]({{ link }})' };
  expect(goneTo(await owner.post(path, linked))).toBe(`${path}?done=saved`);
  expect(await textOf(await owner.get('/settings/texts'))).toContain('свой текст, версия 1');
  const shown = await textOf(
    await owner.post('/settings/texts-preview', { ...linked, of: 'welcome' }),
  );
  expect(shown).toContain('href="https://leadwire.kz/set-password?token=sample"');
  expect(goneTo(await owner.post(`${path}/archive`, {}))).toBe(`${path}?done=archived`);
  expect(await textOf(await owner.get(path))).toContain('Сейчас уходит этот встроенный текст');
}, 120_000);

test('a sequence is made, refused while its text is not there, switched on, and lets a person go', async () => {
  const texts = `${mailer.url}/api/texts/pay-first`;
  const words = {
    subject: 'Остался шаг',
    preheader: '',
    blocks: [{ type: 'text', text: 'Ждём.' }],
  };
  await fetch(texts, {
    method: 'PUT',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ base: 0, title: 'Напоминание', content: { mail: words, sms: null } }),
  });
  const fields = { name: 'Не оплатили', trigger: 'payment_form', channel: 'email' };
  const bad = { ...fields, after: 'скоро', text: 'pay-first' };
  const refused = await textOf(await marketer.post('/campaigns/sequences', bad));
  expect(refused).toContain('«скоро»');
  expect(refused).toContain('value="Не оплатили"');
  const unready = { ...fields, after: '1h', text: 'no-such-text' };
  const path = goneTo(await marketer.post('/campaigns/sequences', unready)).split('?')[0] ?? '';
  expect(await textOf(await marketer.post(`${path}/on`, {}))).toContain('такого текста нет');
  const changedAt = changedAtIn(await textOf(await marketer.get(path)));
  goneTo(await marketer.post(path, { ...fields, after: '1h', text: 'pay-first', changedAt }));
  goneTo(await marketer.post(`${path}/on`, {}));

  const one = await textOf(await marketer.get(`${path}?done=on`));
  for (const part of ['Цепочка включена', 'через 1 час', 'Пока никого', 'Выключить']) {
    expect(one).toContain(part);
  }
  await rig.landing.landing.sql(
    `insert into sequence_people (sequence_id, name, email, fact_at) values ($1, 'Дана', 'dana@leadwire-sample.kz', now())`,
    [path.split('/').at(-1)],
  );
  const all = await textOf(await marketer.get('/campaigns/sequences'));
  expect(all).toContain('ждут 1, отправлено 0, остановлены 0');
  const contact = 'Dana@leadwire-sample.kz';
  expect(goneTo(await marketer.post(`${path}/stop`, { contact }))).toContain('done=stopped');
  expect(await textOf(await marketer.get(path))).toContain('Остановлено человеком');
  expect(goneTo(await marketer.post(`${path}/stop`, { contact }))).toContain('done=nobody');
  expect(await textOf(await marketer.post(`${path}/delete`, {}))).toContain('сначала выключите');
  goneTo(await marketer.post(`${path}/off`, {}));
  const list = goneTo(await marketer.post(`${path}/delete`, {}));
  const left = await textOf(await marketer.get(list));
  expect([left.includes('Цепочка удалена'), left.includes('Не оплатили')]).toEqual([true, false]);
});
