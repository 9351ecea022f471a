/** Forms of other people's making: each sender's real request over a socket, and what is answered to what makes no lead. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builders } from '@leadwire/sandbox/senders/builders';
import { FORMS_KEY, type IntakeForm } from '@leadwire/shared/contract/intake-forms';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { startApi, type TestApi } from './start-api.ts';

const SECRET = 'a-secret-of-the-form';
const form = (slug: string, more: Partial<IntakeForm> = {}): IntakeForm => ({
  slug,
  kind: 'request',
  dialect: 'auto',
  mapping: {},
  secret: null,
  active: true,
  ...more,
});
const FORMS = [
  form('open'),
  form('closed', { secret: SECRET, kind: 'proftest' }),
  form('mapped', { mapping: { q1: 'phone' }, dialect: 'json' }),
  form('off', { active: false }),
];
const person = {
  name: 'Айсулу',
  phone: '8 700 000 01 01',
  email: 'aisulu@mail.leadwire-sample.kz',
};
const URLENCODED = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker);
  await (await api.bus.bucket('intake_forms')).put(FORMS_KEY, JSON.stringify(FORMS));
});
afterAll(async () => {
  await api.stop();
  await broker.close();
});

async function post(path: string, body: string | object, headers: Record<string, string> = {}) {
  const response = await fetch(api.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const read = () =>
    JSON.parse(text) as { leadId?: string; duplicate?: boolean; success?: boolean };
  return { status: response.status, text, read };
}

async function kept(formSlug: string) {
  const events = [];
  for await (const { json } of readStream(api.bus, 'INTAKE')) {
    const event = eventSchemas['intake.rejected.v1'].parse(json);
    if (event.data.form === formSlug) events.push(event.data);
  }
  return events;
}

const newest = async () => {
  const stored = await api.bus.lastUnder('LEADS', 'leads.created.>');
  return eventSchemas['lead.created.v1'].parse(stored?.event).data;
};

describe('POST /api/forms/:form', () => {
  test.each(builders.map((builder) => [builder.id, builder] as const))(
    'takes the request of %s with its proof once, and refuses it without',
    async (id, { dialect, request }) => {
      const submission = { person, id: newId(), now: Date.now() };
      const before = await api.countLeads();
      const stranger = request({ ...submission, secret: 'another-secret-of-a-form' });
      const path = (query: string) => `/api/forms/closed?${query}`;
      const refused = await post(path(stranger.query), stranger.body, stranger.headers);
      expect(refused.status).toBe(401);

      const sent = request({ ...submission, secret: SECRET });
      const first = await post(path(sent.query), sent.body, sent.headers);
      const again = await post(path(sent.query), sent.body, sent.headers);
      expect([first.status, again.status]).toEqual([200, 200]);
      expect(await api.countLeads()).toBe(before + 1);
      const json = JSON.stringify({ success: true, leadId: (await newest()).leadId });
      const wanted = { tilda: ['ok', 'ok'], 'google-ads': ['{}', '{}'] }[dialect];
      const repeated = json.replace('}', ',"duplicate":true}');
      expect([first.text, again.text]).toEqual(wanted ?? [json, repeated]);
      expect([id, await newest()]).toEqual([
        id,
        expect.objectContaining({ kind: 'proftest', source: 'proftest_closed', form: 'closed' }),
      ]);
    },
  );

  test('takes a submission once that its sender describes anew at each try, and both of two people under one id', async () => {
    const before = await api.countLeads();
    const typeform = builders.find(({ id }) => id === 'typeform')!;
    const send = (now: number, who = person) => {
      const { body, headers, query } = typeform.request({
        person: who,
        id: 'T1',
        now,
        secret: SECRET,
      });
      return post(`/api/forms/closed?${query}`, body, headers);
    };
    const first = await send(1_800_000_000_000);
    expect((await send(1_800_000_060_000)).read()).toEqual({ ...first.read(), duplicate: true });
    expect(await api.countLeads()).toBe(before + 1);
    const other = await send(1_800_000_060_000, { ...person, phone: '8 700 000 01 02' });
    expect(other.read()).not.toHaveProperty('duplicate');
    expect((await newest()).contactIssues).toContain('key_conflict');
  });

  test('makes no lead of a test post, and answers it as the sender wants', async () => {
    const before = await api.countLeads();
    const tilda = await post('/api/forms/open', 'test=test', URLENCODED);
    expect([tilda.status, tilda.text]).toEqual([200, 'ok']);
    const google = { google_key: SECRET, is_test: true, user_column_data: [] };
    expect(await post('/api/forms/closed', google)).toMatchObject({ status: 200, text: '{}' });
    expect(await api.countLeads()).toBe(before);
  });

  test('takes a lead for a form that nobody told of, and flags it', async () => {
    const { status, read } = await post('/api/forms/vesna', { Телефон: '87000000111' });
    expect(status).toBe(200);
    expect(await api.lead(read().leadId)).toMatchObject({
      kind: 'request',
      source: 'form_vesna',
      phone: '+77000000111',
      name: 'Без имени',
      contactIssues: expect.arrayContaining(['name_missing', 'form_unknown']),
    });
  });

  test('keeps what has no contacts, as it came, says so aloud, and takes it once the form is mended', async () => {
    const body = 'Name=%D0%90&q1=87000000112&tranid=5%3A5';
    const first = await post(
      '/api/forms/open?utm_source=ig&key=x',
      'Name=%D0%90&tranid=5%3A5',
      URLENCODED,
    );
    expect([first.status, first.text]).toEqual([200, 'ok']);
    const [reject] = await kept('open');
    expect(reject).toMatchObject({
      dialect: 'tilda',
      reason: 'no_contacts',
      fields: ['Name', 'utm_source'],
      body: 'Name=%D0%90&tranid=5%3A5',
      query: 'utm_source=ig',
      encoding: 'utf8',
    });
    const alert = await waitFor(() => api.bus.lastUnder('ALERTS', 'alerts.critical.forms_refused'));
    const { message } = eventSchemas['alert.raised.v1'].parse(alert.event).data;
    expect(message).toContain('Форма «open»');
    expect(message).toContain('не нашлось ни телефона, ни почты');

    const retry = {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      'x-leadwire-reject': reject!.rejectId,
      'x-leadwire-received-at': reject!.receivedAt,
    };
    const still = await post('/api/forms/open', reject!.body, { ...URLENCODED, ...retry });
    expect(still.status).toBe(422);
    const taken = await post('/api/forms/mapped', body, { ...URLENCODED, ...retry });
    expect(await api.lead(taken.read().leadId)).toMatchObject({
      phone: '+77000000112',
      receivedAt: reject!.receivedAt,
    });
    expect(await kept('open')).toHaveLength(1);
    await post('/api/forms/open', { phone: '87000000115' });
    await waitFor(async () => {
      const last = await api.bus.lastUnder('ALERTS', 'alerts.critical.forms_refused');
      return JSON.stringify(last?.event).includes('"resolved"');
    });
  });

  test.each([
    ['mapped', { name: 'Айсулу' }, 400, 'no_contacts'],
    ['unreadable-json', '{"a":', 200, 'unreadable'],
    ['binary', '\u0000\u0001', 200, 'unreadable'],
    ['off', { phone: '87000000113' }, 400, 'form_off'],
  ])('of %s, which cannot be taken, nothing is lost', async (slug, body, status, reason) => {
    expect(await post(`/api/forms/${slug}`, body)).toMatchObject({ status });
    expect(await kept(slug)).toEqual([expect.objectContaining({ form: slug, reason })]);
  });

  test('shows how a body would be read, to the admin only, and makes no lead', async () => {
    const before = await api.countLeads();
    const body = { Name: 'Айсулу', phnoe: '1', q1: '87000000114' };
    expect((await post('/api/forms/mapped/test', body)).status).toBe(401);
    const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const shown = await post('/api/forms/mapped/test', body, admin);
    expect(shown.read()).toMatchObject({
      form: 'mapped',
      known: true,
      readable: true,
      dialect: 'json',
      fields: [
        { name: 'Name', as: 'name' },
        { name: 'phnoe', as: 'other', near: 'phone' },
        { name: 'q1', as: 'phone' },
      ],
      lead: { name: 'Айсулу', phone: '+77000000114' },
    });
    expect(await api.countLeads()).toBe(before);
  });
});

describe('the landing pages’ own addresses', () => {
  test.each([
    ['Tilda', 'Name=%D0%90&Phone=%2B7+%28700%29+000-01-21&tranid=1000001:2000001', URLENCODED, 200],
    ['Contact Form 7', 'your-name=%D0%94&your-phone=8+700+000+01+22', URLENCODED, 200],
    [
      'Elementor',
      'form_fields%5Bname%5D=%D0%94&form_fields%5Bphone%5D=87000000123',
      URLENCODED,
      200,
    ],
    ['labels in JSON', '{"Имя":"Данияр","Телефон":"87000000124"}', {}, 201],
    ['capital names in JSON', '{"Name":"А","Phone":"+7 (700) 000-01-25","tranid":"7:7"}', {}, 201],
  ])('take %s, once', async (_who, body, headers, status) => {
    const before = await api.countLeads();
    const first = await post('/api/landing/proftest/trial', body, headers);
    const again = await post('/api/landing/proftest/trial', body, headers);
    expect(first.status).toBe(status);
    expect(again).toMatchObject({ status: 200 });
    expect(again.read()).toMatchObject({ leadId: first.read().leadId, duplicate: true });
    expect(await api.countLeads()).toBe(before + 1);
    expect(await newest()).toMatchObject({
      source: 'proftest_trial',
      contactIssues: ['email_missing'],
    });
  });

  test('make no lead of Tilda’s test post', async () => {
    const before = await api.countLeads();
    const { status } = await post('/api/landing/proftest/trial', 'test=test', URLENCODED);
    expect([status, await api.countLeads()]).toEqual([200, before]);
  });
});

describe('while the broker is away', () => {
  test('forms are known with their kinds and keys, leads go to the journal, and posts without contacts to the disk', async () => {
    const { journal } = api;
    expect(journal.depth()).toBe(0);
    await broker.kill();
    expect((await post('/api/forms/closed', { phone: '87000000131' })).status).toBe(401);
    const taken = await post(`/api/forms/closed?key=${SECRET}`, { phone: '87000000131' });
    expect(taken.status).toBe(200);
    expect((await post('/api/forms/off', { phone: '87000000132' })).status).toBe(400);
    await broker.start();
    const lead = await waitFor(() => api.lead(taken.read().leadId).catch(() => undefined));
    expect(lead).toMatchObject({ kind: 'proftest', form: 'closed' });
    await waitFor(async () => (await kept('off')).length === 2, { what: 'the kept post' });
  });
});
