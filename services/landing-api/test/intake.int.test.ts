import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { form, startApi, type TestApi } from './start-api.ts';

const PROFTEST = '/api/landing/proftest';
const SUBMIT = '/api/landing/submit';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker);
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

describe('a submission', () => {
  test('is stored as an event under its own subject before it is answered', async () => {
    const { status, body } = await api.post(`${PROFTEST}/spring_a`, form('stored'));
    expect({ status, body }).toEqual({
      status: 201,
      body: { success: true, leadId: expect.any(String) },
    });

    const leadId = String(body['leadId']);
    const stored = await api.bus.lastUnder('LEADS', subjects.leadCreated('proftest', leadId));
    expect(eventSchemas['lead.created.v1'].parse(stored?.event)).toMatchObject({
      source: 'landing-api',
      subject: leadId,
      data: { leadId, source: 'proftest_spring_a', campaign: 'spring_a', phone: '+77051234567' },
    });
  });

  test('of a purchase carries its payment method', async () => {
    const { body } = await api.post(SUBMIT, form('paid', { paymentMethod: 'kaspi' }));
    expect(await api.lead(body['leadId'])).toMatchObject({
      kind: 'purchase',
      source: 'course_purchase',
      paymentMethod: 'kaspi',
    });
  });

  test('with an invalid phone is taken, with the phone as typed', async () => {
    const { status, body } = await api.post(PROFTEST, form('short', { phone: '+7 705 123 45 6' }));
    expect(status).toBe(201);
    expect(await api.lead(body['leadId'])).toMatchObject({
      phone: '+7 705 123 45 6',
      contactIssues: ['phone_invalid'],
    });
  });

  test('with a typo in the mail domain is taken and flagged', async () => {
    const { status, body } = await api.post(PROFTEST, form('typo', { email: 'aigerim@gamil.com' }));
    expect(status).toBe(201);
    expect(await api.lead(body['leadId'])).toMatchObject({
      email: 'aigerim@gamil.com',
      emailSuggestion: 'aigerim@gmail.com',
      contactIssues: ['email_typo_suspected'],
    });
  });

  test('sent by a beacon is taken: JSON that calls itself text', async () => {
    const headers = { 'content-type': 'text/plain;charset=UTF-8' };
    expect(await api.post(PROFTEST, form('beacon'), headers)).toMatchObject({ status: 201 });
  });

  test('to an address with a slash at its end is taken', async () => {
    const { body } = await api.post(`${PROFTEST}/`, form('slash'));
    expect(await api.lead(body['leadId'])).toMatchObject({ source: 'proftest', campaign: null });
  });

  test('caught in the trap is answered as any other and kept apart', async () => {
    const { status, body } = await api.post(PROFTEST, form('bot', { website: 'https://spam.kz' }));
    expect({ status, body }).toEqual({
      status: 201,
      body: { success: true, leadId: expect.any(String) },
    });
    const leadId = String(body['leadId']);
    const stored = await api.bus.lastUnder('LEADS', subjects.anyLead(leadId));
    expect(stored?.subject).toBe(subjects.leadQuarantined('proftest', leadId));
    expect(eventSchemas['lead.quarantined.v1'].safeParse(stored?.event).success).toBe(true);
  });
});

describe('a submission with a key', () => {
  test('sent again is the same lead', async () => {
    const headers = { 'idempotency-key': newId() };
    const first = await api.post(PROFTEST, form('again'), headers);
    const again = await api.post(PROFTEST, form('again'), headers);
    expect(first.status).toBe(201);
    expect(again).toMatchObject({
      status: 200,
      body: { success: true, leadId: first.body['leadId'], duplicate: true },
    });
  });

  test('is known by it whether it came in the header or in the body', async () => {
    const submissionId = newId();
    const first = await api.post(PROFTEST, form('both', { submissionId }));
    const again = await api.post(PROFTEST, form('both'), { 'idempotency-key': submissionId });
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.body['leadId']).toBe(first.body['leadId']);
  });

  test('sent 300 times at once is one lead', async () => {
    const before = await api.countLeads();
    const headers = { 'idempotency-key': newId() };
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => api.post(PROFTEST, form('crowd'), headers)),
    );
    expect(new Set(answers.map(({ body }) => body['leadId'])).size).toBe(1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(299);
    expect(await api.countLeads()).toBe(before + 1);
  });

  test.each([
    ['another body', PROFTEST, form('reused', { name: 'Данияр' })],
    ['another form', SUBMIT, form('reused')],
    ['another landing page', `${PROFTEST}/spring_b`, form('reused')],
    ['the trap filled in', PROFTEST, form('reused', { website: 'x' })],
  ])('used again for %s is a lead of its own, once', async (_what, path, body) => {
    const headers = { 'idempotency-key': newId() };
    const first = await api.post(PROFTEST, form('reused'), headers);
    const before = await api.countLeads();
    const other = await api.post(path, body, headers);
    const repeats = await Promise.all([1, 2].map(() => api.post(path, body, headers)));
    expect([other.status, ...repeats.map(({ status }) => status)]).toEqual([201, 200, 200]);
    expect(other.body['leadId']).not.toBe(first.body['leadId']);
    expect(new Set([other, ...repeats].map(({ body: { leadId } }) => leadId)).size).toBe(1);
    expect(await api.lead(other.body['leadId'])).toMatchObject({
      leadId: other.body['leadId'],
      contactIssues: ['key_conflict'],
    });
    expect(await api.countLeads()).toBe(before + 1);
    const again = await api.post(PROFTEST, form('reused'), headers);
    expect([again.status, again.body['leadId']]).toEqual([200, first.body['leadId']]);
  });

  test.each([
    ['too long', { submissionId: 'k'.repeat(201) }, {}],
    ['not printable', { submissionId: 'a\nb' }, {}],
    ['no text', { submissionId: { a: 1 } }, {}],
    ['too long in the header', {}, { 'idempotency-key': 'k'.repeat(201) }],
    ['not ASCII in the header', {}, { 'idempotency-key': 'caf\u00e9' }],
  ])('that is %s counts as none', async (what, more, headers) => {
    const post = (score: number) =>
      api.post(PROFTEST, form(what.replaceAll(' ', '-'), { ...more, answers: { score } }), headers);
    const [first, second] = [await post(1), await post(2)];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect((await api.lead(second.body['leadId'])).contactIssues).toEqual([]);
  });

  test('sent again after the broker was killed and came back is the same lead', async () => {
    const headers = { 'idempotency-key': newId() };
    const first = await api.post(PROFTEST, form('restart'), headers);
    await broker.kill();
    await broker.start();
    await waitFor(() => api.bus.isConnected(), { what: 'the connection to be back' });
    const again = await api.post(PROFTEST, form('restart'), headers);
    expect(again).toMatchObject({
      status: 200,
      body: { leadId: first.body['leadId'], duplicate: true },
    });
  });
});

describe('a submission without a key', () => {
  test('double clicked is one lead', async () => {
    const before = await api.countLeads();
    const [one, two] = await Promise.all([
      api.post(PROFTEST, form('double')),
      api.post(PROFTEST, form('double')),
    ]);
    expect([one.status, two.status].sort()).toEqual([200, 201]);
    expect(one.body['leadId']).toBe(two.body['leadId']);
    expect(await api.countLeads()).toBe(before + 1);
  });

  // The same answers again after the broker's window (two minutes) are a new lead as well; other
  // answers show the same without the wait.
  test('with other answers is a new lead: taking the test again is wanted', async () => {
    const first = await api.post(PROFTEST, form('retake', { answers: { score: 40 } }));
    const second = await api.post(PROFTEST, form('retake', { answers: { score: 90 } }));
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body['leadId']).not.toBe(first.body['leadId']);
  });

  test('on two forms is two leads', async () => {
    const test1 = await api.post(PROFTEST, form('two-forms'));
    const purchase = await api.post(SUBMIT, form('two-forms'));
    expect([test1.status, purchase.status]).toEqual([201, 201]);
  });

  test('whose first copy was removed from the stream is stored again', async () => {
    const first = await api.post(PROFTEST, form('erased'));
    const stored = await api.bus.lastUnder('LEADS', subjects.anyLead(String(first.body['leadId'])));
    await (await api.bus.manager()).streams.deleteMessage('LEADS', stored?.seq ?? 0);
    const again = await api.post(PROFTEST, form('erased'));
    expect(again.status).toBe(201);
    expect(await api.lead(again.body['leadId'])).toMatchObject({ leadId: again.body['leadId'] });
  });
});
