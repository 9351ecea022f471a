/** Sequences with a real broker, database and provider: from the fact to the inbox, and everything that ends them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { SequenceTrigger } from '@leadwire/shared/contract/sequences';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import type { ServiceProcess } from '@leadwire/testing/service-process';
import { useRig } from './rig.ts';

let bus: Bus;
let mailer: ServiceProcess;

afterAll(() => bus?.drain());
const rig = useRig();
beforeAll(async () => {
  bus = await openTestBus(rig.broker(), 'test');
}, 60_000);

const patient = (what: string) => ({ timeoutMs: 90_000, what });
const ask = async (method: string, path: string, body?: object) => {
  const headers = {
    authorization: `Bearer ${ADMIN_TOKEN}`,
    ...(body && { 'content-type': 'application/json' }),
  };
  const sent = { method, headers, ...(body && { body: JSON.stringify(body) }) };
  const response = await fetch(mailer.url + path, sent);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const write = (name: string, words: string, sms: string | null = null) =>
  ask('PUT', `/api/texts/${name}`, {
    base: 0,
    content: { mail: { subject: words, preheader: '', blocks: [{ type: 'text', text: words }] }, sms }, // prettier-ignore
  });

/** A sequence that is on: after so long, with such a text. */
async function turnOn(
  trigger: SequenceTrigger,
  steps: [after: string, text: string][],
  channel: 'email' | 'sms' = 'email',
) {
  const made = await ask('POST', '/api/sequences', {
    name: `${trigger} ${newId()}`,
    trigger,
    steps: steps.map(([after, text]) => ({ after, channel, text })),
  });
  expect(made.status).toBe(201);
  const { id } = made.body['sequence'] as { id: string };
  expect(await ask('POST', `/api/sequences/${id}/on`)).toMatchObject({ status: 200 });
  return id;
}

interface Row {
  id: string;
  email: string;
  state: string;
  reason: string | null;
  handed: number;
}
const peopleOf = (sequenceId: string) =>
  rig.supabase().landing.sql<Row>(
    `select p.id, p.email, p.state, p.reason, count(m.step) filter (where m.state = 'handed')::integer as handed
     from sequence_people p left join sequence_messages m on m.person_id = p.id
     where p.sequence_id = $1 group by p.id order by p.email`,
    [sequenceId],
  );
const rowWhen = (
  sequenceId: string,
  email: string | null,
  isIt: (row: Row) => boolean = () => true,
) =>
  waitFor(
    async () => (await peopleOf(sequenceId)).find((row) => row.email === email && isIt(row)),
    patient(`${email} in the sequence`),
  );

const post = async (lead: Lead) => {
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead), { msgId: newId() }); // prettier-ignore
};
const sale = (email: string) => {
  const [saleId, studentId] = [newId(), `st-${newId()}`];
  const base = {
    saleId,
    studentId,
    email,
    phone: null,
    product: 'course',
    course: null,
    amount: 5,
  };
  const data = { ...base, at: new Date().toISOString() };
  const event = makeEvent('sale.recorded.v1', { source: 'test', subject: studentId, data });
  return bus.publish(subjects.sale('recorded', studentId, saleId), event);
};

/** As the broker says it when the time has come; resolves when it was settled. */
const due = async (personId: string, step = 1) => {
  const data = { personId, step };
  const event = makeEvent('sequence.due.v1', { source: 'test', subject: personId, data });
  const subject = subjects.sequenceDue(personId, step);
  await bus.publish(subject, event, { msgId: newId() });
  await waitFor(async () => !(await bus.lastUnder('SEQUENCES', subject)), patient('the message to be settled')); // prettier-ignore
};
const mailsTo = async (email: string | null) =>
  (await rig.control().mails()).filter(({ to }) => to.includes(email ?? ''));

describe('somebody who filled the payment form and did not pay', () => {
  test('gets each message once, whatever is told again and whoever is killed', async () => {
    mailer = await rig.startMailer();
    await write('pay-first', 'Остался один шаг');
    await write('pay-second', 'Место ещё за вами');
    const early = someLead({ kind: 'purchase', receivedAt: new Date(Date.now() - 60_000).toISOString() }); // prettier-ignore
    const id = await turnOn('payment_form', [['1s', 'pay-first'], ['2s', 'pay-second'], ['90d', 'pay-second']]); // prettier-ignore
    await post(early);
    const lead = someLead({ kind: 'purchase' });
    const again = { ...someLead({ kind: 'purchase', email: lead.email?.toUpperCase() ?? null }) };
    for (const each of [lead, lead, again]) await post(each);
    const { id: personId } = await rowWhen(id, lead.email);
    // A test is another fact.
    await post(someLead());

    rig.forget(mailer);
    await mailer.kill();
    mailer = await rig.startMailer();
    await waitFor(async () => (await mailsTo(lead.email)).length >= 2, patient('two mails'));
    for (const step of [1, 2]) await due(personId, step);
    await waitFor(async () => {
      const { body } = await ask('GET', '/api/sequences');
      const found = (body['sequences'] as { id: string; sent: object[] }[]).find((one) => one.id === id); // prettier-ignore
      return JSON.stringify(found?.sent.map((step) => ({ ...step, campaignId: '' }))).includes('"sent":1') && found?.sent.length === 2; // prettier-ignore
    }, patient('the counts'));
    const mails = await mailsTo(lead.email);
    expect(mails.map(({ subject }) => subject).sort()).toEqual(['Место ещё за вами', 'Остался один шаг']); // prettier-ignore
    expect(mails[0]?.headers['List-Unsubscribe']).toContain('/u/');
    // Once, by the address; who came before it was on, and who took a test, are not in it.
    expect(await peopleOf(id)).toMatchObject([{ email: lead.email, state: 'waiting', handed: 2 }]);
    // The third waits at the broker, through everything.
    expect(await bus.lastUnder('SEQUENCES', subjects.sequenceAt(personId, 3))).toBeDefined();
    const campaigns = await ask('GET', '/api/campaigns');
    expect(JSON.stringify(campaigns.body)).not.toContain('payment_form');
    expect(await ask('POST', `/api/sequences/${id}/off`)).toMatchObject({ status: 200 });
    expect(await peopleOf(id)).toMatchObject([{ state: 'stopped', reason: 'off', handed: 2 }]);
  });

  test('gets no more once they buy, unsubscribe, click, are let go by a person, or it is off', async () => {
    mailer = await rig.startMailer();
    const { sql } = rig.supabase().landing;
    const id = await turnOn('payment_form', [['1h', 'pay-first'], ['2h', 'pay-second']]); // prettier-ignore
    const names = ['buyer', 'stored', 'leaver', 'clicker', 'caller', 'rest'] as const;
    const leads = Object.fromEntries(names.map((name) => [name, someLead({ kind: 'purchase' })])) as Record<(typeof names)[number], Lead>; // prettier-ignore
    for (const name of names) await post(leads[name]);
    const ids: Record<string, string> = {};
    for (const name of names) ids[name] = (await rowWhen(id, leads[name].email)).id;
    const endOf = async (name: (typeof names)[number]) =>
      (await rowWhen(id, leads[name].email, ({ state }) => state === 'stopped')).reason;

    await sale(leads.buyer.email ?? '');
    expect(await endOf('buyer')).toBe('bought');
    await due(ids['buyer'] ?? '');

    // The sale is known to the database alone.
    await sql(`insert into sales (id, student_id, email, sold_at) values ($1, 'st-stored', $2, now())`, [newId(), leads.stored.email]); // prettier-ignore
    await due(ids['stored'] ?? '');
    expect(await endOf('stored')).toBe('bought');

    await sql(`insert into suppressions (channel, contact, reason) values ('email', $1, 'unsubscribed')`, [leads.leaver.email]); // prettier-ignore
    await due(ids['leaver'] ?? '');
    expect(await endOf('leaver')).toBe('unsubscribed');

    await due(ids['clicker'] ?? '');
    await waitFor(async () => (await mailsTo(leads.clicker.email)).length > 0, patient('the first mail')); // prettier-ignore
    await sql(`update campaign_recipients set clicked_at = now() where contact = $1`, [leads.clicker.email]); // prettier-ignore
    await due(ids['clicker'] ?? '', 2);
    expect(await endOf('clicker')).toBe('clicked');

    const stopped = await ask('POST', `/api/sequences/${id}/stop`, { contact: leads.caller.email ?? '' }); // prettier-ignore
    expect(stopped).toMatchObject({ status: 200, body: { stopped: 1 } });
    expect(await endOf('caller')).toBe('by_hand');
    await due(ids['caller'] ?? '');

    // One that is on is not changed.
    const { body } = await ask('GET', `/api/sequences/${id}`);
    const { name, trigger, changedAt } = body['sequence'] as Record<string, string>;
    const changed = { name, trigger, changedAt, steps: [{ after: '1d', channel: 'email', text: 'pay-first' }] }; // prettier-ignore
    expect((await ask('PUT', `/api/sequences/${id}`, changed)).status).toBe(409);
    expect((await ask('POST', `/api/sequences/${id}/off`)).status).toBe(200);
    expect(await endOf('rest')).toBe('off');
    // On again is from now on: who was in it is not in it anew.
    expect((await ask('POST', `/api/sequences/${id}/on`)).status).toBe(200);
    await due(ids['rest'] ?? '');
    await post(leads.rest);

    const late = someLead({ kind: 'purchase' });
    await post(late);
    await due((await rowWhen(id, late.email)).id);
    await waitFor(async () => (await mailsTo(late.email)).length > 0, patient('the last mail'));
    const told = await Promise.all(names.map(async (who) => (await mailsTo(leads[who].email)).length)); // prettier-ignore
    expect(told).toEqual([0, 0, 0, 1, 0, 0]);
  });
});

test('a student without a lesson is written to, one with a lesson is not, and a text that is not there is said before', async () => {
  mailer = await rig.startMailer();
  const nothing = await ask('POST', '/api/sequences', {
    name: 'Без текста',
    trigger: 'test_taken',
    steps: [{ after: '3d', channel: 'email', text: 'no-such-text' }],
  });
  const { id: unready } = nothing.body['sequence'] as { id: string };
  const refused = await ask('POST', `/api/sequences/${unready}/on`);
  expect(refused).toMatchObject({
    status: 422,
    body: { error: expect.stringContaining('step 1') },
  });

  const id = await turnOn('student_joined', [['1h', 'pay-first']]);
  const emails = ['idle', 'busy'].map((name) => `${name}-${newId()}@mail.leadwire-sample.kz`);
  for (const [index, email] of emails.entries()) {
    const studentId = `st-seq-${index}`;
    const receivedAt = new Date().toISOString();
    const data = { studentId, name: 'Дамир', email, phone: null, course: null, receivedAt };
    const event = makeEvent('student.created.v1', { source: 'test', subject: studentId, data });
    await bus.publish(subjects.studentCreated(studentId), event);
  }
  const lesson = { studentId: 'st-seq-1', lesson: 1, at: new Date().toISOString() };
  const done = makeEvent('lesson.completed.v1', { source: 'test', subject: 'st-seq-1', data: lesson }); // prettier-ignore
  await bus.publish(subjects.lessonCompleted('st-seq-1', 1), done);
  const [idle = '', busy = ''] = emails;
  await due((await rowWhen(id, busy)).id);
  await due((await rowWhen(id, idle)).id);
  expect(await rowWhen(id, busy, ({ state }) => state === 'stopped')).toMatchObject({ reason: 'studied' }); // prettier-ignore
  await waitFor(async () => (await mailsTo(idle)).length === 1, patient('the mail'));
  expect(await mailsTo(busy)).toEqual([]);
});

test('an SMS goes to the phone, also when the broker has lost its schedule; who has no phone gets none; deleted, its history stays', async () => {
  mailer = await rig.startMailer();
  await write('sms-step', 'Мы вас ждём', 'Мы вас ждём, приходите на урок.');
  const id = await turnOn('payment_form', [['1h', 'sms-step']], 'sms');
  const [lead, mailOnly] = [someLead({ kind: 'purchase' }), someLead({ kind: 'purchase', phone: null })]; // prettier-ignore
  for (const each of [lead, mailOnly]) await post(each);
  const { id: personId } = await rowWhen(id, lead.email);
  await rowWhen(id, mailOnly.email, ({ state }) => state === 'done');

  // The broker forgets it, the hour goes by, and a mailer that starts looks after it.
  const schedule = subjects.sequenceAt(personId, 1);
  const waiting = await waitFor(
    () => bus.lastUnder('SEQUENCES', schedule),
    patient('the schedule'),
  );
  await (await bus.manager()).streams.deleteMessage('SEQUENCES', waiting.seq);
  const { sql } = rig.supabase().landing;
  await sql(`update sequence_messages set due_at = now() - interval '1 hour' where person_id = $1`, [personId]); // prettier-ignore
  await rig.startMailer();
  const digits = lead.phone?.slice(1) ?? '';
  const sms = await waitFor(async () => {
    const sent = (await rig.control().sms()).filter(({ to }) => to.includes(digits));
    return sent.length > 0 ? sent : undefined;
  }, patient('the SMS'));
  expect(sms).toHaveLength(1);
  expect(sms[0]?.text).toContain('приходите на урок');
  expect(await sql('select remade_at is not null as remade from sequence_messages where person_id = $1', [personId])).toEqual([{ remade: true }]); // prettier-ignore

  const remove = (of: string) => ask('DELETE', `/api/sequences/${of}`);
  expect(await remove(id)).toMatchObject({ status: 409, body: { error: expect.stringContaining('is on') } }); // prettier-ignore
  await ask('POST', `/api/sequences/${id}/off`);
  expect(await remove(id)).toMatchObject({ status: 200, body: { kept: true } });
  expect((await ask('GET', `/api/sequences/${id}`)).status).toBe(404);
  expect((await ask('POST', `/api/sequences/${id}/on`)).status).toBe(404);
  expect(await peopleOf(id)).toHaveLength(2);
});
