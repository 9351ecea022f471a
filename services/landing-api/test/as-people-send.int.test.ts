/** Bodies as builders, browsers and ads really sent them to the landing pages' own address, each of which was lost once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startApi, type Answer, type TestApi } from './start-api.ts';

const PAGE = '/api/landing/proftest/trial';
const URLENCODED = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker);
});
afterAll(async () => {
  await api.stop();
  await broker.close();
});

const post = (body: string | object): Promise<Answer> =>
  typeof body === 'string' ? api.post(PAGE, body, URLENCODED) : api.post(PAGE, body);

const AISULU = { name: 'Айсулу Проба', phone: '+77000000101' };
const DANIYAR = { name: 'Данияр', phone: '+77000000108' };

test.each([
  [
    'Tilda',
    'Name=%D0%90%D0%B9%D1%81%D1%83%D0%BB%D1%83+%D0%9F%D1%80%D0%BE%D0%B1%D0%B0&Phone=%2B7+%28700%29+000-01-01&tranid=1000001:2000001&formid=form100000001',
    AISULU,
  ],
  [
    'Tilda as JSON, with capital names',
    { Name: 'Айсулу Проба', Phone: '+7 (700) 000-01-01', tranid: '1000001:2000002' },
    AISULU,
  ],
  [
    'Contact Form 7',
    'your-name=%D0%94%D0%B0%D0%BD%D0%B8%D1%8F%D1%80&your-phone=8+700+000+01+08',
    DANIYAR,
  ],
  [
    'Elementor',
    'form_fields%5Bname%5D=%D0%94%D0%B0%D0%BD%D0%B8%D1%8F%D1%80&form_fields%5Bphone%5D=87000000108&form_fields%5Bid%5D=2',
    DANIYAR,
  ],
  ['Elementor’s labels', { Имя: 'Данияр', Телефон: '87000000108', step: 3 }, DANIYAR],
  [
    'a page that repeats its tags',
    { name: 'Айсулу', phone: '87000000117', utm_source: ['instagram', 'instagram'] },
    { utm: { source: 'instagram' } },
  ],
  [
    'a page that sends its address instead of tags',
    {
      name: 'Айсулу',
      phone: '87000000127',
      page: 'https://school.leadwire-sample.kz/test?utm_source=ig&utm_medium=story',
    },
    { utm: { source: 'ig', medium: 'story' } },
  ],
  [
    'a page that encodes its tags twice',
    {
      name: 'Айсулу',
      phone: '87000000137',
      utm_source: 'yandex',
      utm_campaign: '%D0%BB%D0%B5%D1%82%D0%BE+2027',
    },
    { utm: { source: 'yandex', campaign: 'лето 2027' } },
  ],
  [
    'somebody with an empty name',
    { name: '', phone: '8 700 000 01 18' },
    { name: 'Без имени', contactIssues: expect.arrayContaining(['name_missing']) },
  ],
  [
    'somebody without a name',
    { phone: '8 700 000 01 19' },
    { name: 'Без имени', contactIssues: expect.arrayContaining(['name_missing']) },
  ],
])('a lead of %s is stored once and read right', async (_whose, body, expected) => {
  const before = await api.countLeads();
  const first = await post(body);
  const again = await post(body);
  expect([200, 201]).toContain(first.status);
  expect(again.body).toMatchObject({ leadId: first.body['leadId'], duplicate: true });
  expect(await api.lead(first.body['leadId'])).toMatchObject(expected);
  expect(await api.countLeads()).toBe(before + 1);
});

test('Tilda’s test post is answered 200 and makes no lead', async () => {
  const before = await api.countLeads();
  expect((await post('test=test')).status).toBe(200);
  expect(await api.countLeads()).toBe(before);
});

test('a lead whose trap the browser filled by itself is held, with its contacts, until somebody lets it out', async () => {
  const website = 'https://aisulu.leadwire-sample.kz';
  const { status, body } = await post({ name: 'Айсулу', phone: '8 700 000 01 12', website });
  expect(status).toBe(201);
  expect(await api.lead(body['leadId'])).toMatchObject({ phone: '+77000000112' });
  expect((await api.status(String(body['leadId']))).body).toMatchObject({
    lead: { quarantined: true, quarantine: 'honeypot' },
  });
});
