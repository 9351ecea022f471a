/** Sequences with a real broker, database and provider: from the fact to the inbox, and everything that ends them. */
import { describe, expect, test } from 'vitest';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { patient, useSequences } from './sequence-rig.ts';

const {
  rig,
  bus,
  startMailer,
  startMailerProcess,
  ask,
  write,
  turnOn,
  peopleOf,
  rowWhen,
  post,
  sale,
  due,
  mailsTo,
} = useSequences();

describe('somebody who filled the payment form and did not pay', () => {
  test('gets each message once, whatever is told again and whoever is killed', async () => {
    const killMailer = await startMailerProcess();
    await write('pay-first', 'Остался один шаг');
    await write('pay-second', 'Место ещё за вами');
    const early = someLead({
      kind: 'purchase',
      receivedAt: new Date(Date.now() - 60_000).toISOString(),
    });
    const id = await turnOn('payment_form', [
      ['1s', 'pay-first'],
      ['2s', 'pay-second'],
      ['90d', 'pay-second'],
    ]);
    await post(early);
    const lead = someLead({ kind: 'purchase' });
    const again = { ...someLead({ kind: 'purchase', email: lead.email?.toUpperCase() ?? null }) };
    for (const each of [lead, lead, again]) await post(each);
    const { id: personId } = await rowWhen(id, lead.email);
    // A test is another fact.
    await post(someLead());

    await killMailer();
    await startMailer();
    await waitFor(async () => (await mailsTo(lead.email)).length >= 2, patient('two mails'));
    for (const step of [1, 2]) await due(personId, step);
    await waitFor(async () => {
      const { body } = await ask('GET', '/api/sequences');
      const found = (body['sequences'] as { id: string; sent: object[] }[]).find(
        (one) => one.id === id,
      );
      return (
        JSON.stringify(found?.sent.map((step) => ({ ...step, campaignId: '' }))).includes(
          '"sent":1',
        ) && found?.sent.length === 2
      );
    }, patient('the counts'));
    const mails = await mailsTo(lead.email);
    expect(mails.map(({ subject }) => subject).sort()).toEqual([
      'Место ещё за вами',
      'Остался один шаг',
    ]);
    expect(mails[0]?.headers['List-Unsubscribe']).toContain('/u/');
    // Once, by the address; who came before it was on, and who took a test, are not in it.
    expect(await peopleOf(id)).toMatchObject([{ email: lead.email, state: 'waiting', handed: 2 }]);
    // The third waits at the broker, through everything; whoever died before planning it is made up for.
    await waitFor(
      () => bus().lastUnder('SEQUENCES', subjects.sequenceAt(personId, 3)),
      patient('the third at the broker'),
    );
    const campaigns = await ask('GET', '/api/campaigns');
    expect(JSON.stringify(campaigns.body)).not.toContain('payment_form');
    expect(await ask('POST', `/api/sequences/${id}/off`)).toMatchObject({ status: 200 });
    expect(await peopleOf(id)).toMatchObject([{ state: 'stopped', reason: 'off', handed: 2 }]);
  });

  test('gets no more once they buy, unsubscribe, click, are let go by a person, or it is off', async () => {
    await startMailer();
    const { sql } = rig.supabase().landing;
    const id = await turnOn('payment_form', [
      ['1h', 'pay-first'],
      ['2h', 'pay-second'],
    ]);
    const names = ['buyer', 'stored', 'leaver', 'clicker', 'caller', 'rest'] as const;
    const leads = Object.fromEntries(
      names.map((name) => [name, someLead({ kind: 'purchase' })]),
    ) as Record<(typeof names)[number], Lead>;
    for (const name of names) await post(leads[name]);
    const ids: Record<string, string> = {};
    for (const name of names) ids[name] = (await rowWhen(id, leads[name].email)).id;
    const endOf = async (name: (typeof names)[number]) =>
      (await rowWhen(id, leads[name].email, ({ state }) => state === 'stopped')).reason;

    await sale(leads.buyer.email ?? '');
    expect(await endOf('buyer')).toBe('bought');
    await due(ids['buyer'] ?? '');

    // The sale is known to the database alone.
    await sql(
      `insert into sales (id, student_id, email, sold_at) values ($1, 'st-stored', $2, now())`,
      [newId(), leads.stored.email],
    );
    await due(ids['stored'] ?? '');
    expect(await endOf('stored')).toBe('bought');

    await sql(
      `insert into suppressions (channel, contact, reason) values ('email', $1, 'unsubscribed')`,
      [leads.leaver.email],
    );
    await due(ids['leaver'] ?? '');
    expect(await endOf('leaver')).toBe('unsubscribed');

    await due(ids['clicker'] ?? '');
    await waitFor(
      async () => (await mailsTo(leads.clicker.email)).length > 0,
      patient('the first mail'),
    );
    await sql(`update campaign_recipients set clicked_at = now() where contact = $1`, [
      leads.clicker.email,
    ]);
    await due(ids['clicker'] ?? '', 2);
    expect(await endOf('clicker')).toBe('clicked');

    const stopped = await ask('POST', `/api/sequences/${id}/stop`, {
      contact: leads.caller.email ?? '',
    });
    expect(stopped).toMatchObject({ status: 200, body: { stopped: 1 } });
    expect(await endOf('caller')).toBe('by_hand');
    await due(ids['caller'] ?? '');

    // One that is on is not changed.
    const { body } = await ask('GET', `/api/sequences/${id}`);
    const { name, trigger, changedAt } = body['sequence'] as Record<string, string>;
    const changed = {
      name,
      trigger,
      changedAt,
      steps: [{ after: '1d', channel: 'email', text: 'pay-first' }],
    };
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
    const told = await Promise.all(
      names.map(async (who) => (await mailsTo(leads[who].email)).length),
    );
    expect(told).toEqual([0, 0, 0, 1, 0, 0]);
  });
});

test('a student without a lesson is written to, one with a lesson is not, and a text that is not there is said before', async () => {
  await startMailer();
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
    await bus().publish(subjects.studentCreated(studentId), event);
  }
  const lesson = { studentId: 'st-seq-1', lesson: 1, at: new Date().toISOString() };
  const done = makeEvent('lesson.completed.v1', {
    source: 'test',
    subject: 'st-seq-1',
    data: lesson,
  });
  await bus().publish(subjects.lessonCompleted('st-seq-1', 1), done);
  const [idle = '', busy = ''] = emails;
  await due((await rowWhen(id, busy)).id);
  await due((await rowWhen(id, idle)).id);
  expect(await rowWhen(id, busy, ({ state }) => state === 'stopped')).toMatchObject({
    reason: 'studied',
  });
  await waitFor(async () => (await mailsTo(idle)).length === 1, patient('the mail'));
  expect(await mailsTo(busy)).toEqual([]);
});

test('an SMS goes to the phone, also when the broker has lost its schedule; who has no phone gets none; deleted, its history stays', async () => {
  await startMailer();
  await write('sms-step', 'Мы вас ждём', 'Мы вас ждём, приходите на урок.');
  const id = await turnOn('payment_form', [['1h', 'sms-step']], 'sms');
  const [lead, mailOnly] = [
    someLead({ kind: 'purchase' }),
    someLead({ kind: 'purchase', phone: null }),
  ];
  for (const each of [lead, mailOnly]) await post(each);
  const { id: personId } = await rowWhen(id, lead.email);
  await rowWhen(id, mailOnly.email, ({ state }) => state === 'done');

  // The broker forgets it, the hour goes by, and a mailer that starts looks after it.
  const schedule = subjects.sequenceAt(personId, 1);
  const waiting = await waitFor(
    () => bus().lastUnder('SEQUENCES', schedule),
    patient('the schedule'),
  );
  await (await bus().manager()).streams.deleteMessage('SEQUENCES', waiting.seq);
  const { sql } = rig.supabase().landing;
  await sql(
    `update sequence_messages set due_at = now() - interval '1 hour' where person_id = $1`,
    [personId],
  );
  await rig.startMailer();
  const digits = lead.phone?.slice(1) ?? '';
  const sms = await waitFor(async () => {
    const sent = (await rig.control().sms()).filter(({ to }) => to.includes(digits));
    return sent.length > 0 ? sent : undefined;
  }, patient('the SMS'));
  expect(sms).toHaveLength(1);
  expect(sms[0]?.text).toContain('приходите на урок');
  expect(
    await sql(
      'select remade_at is not null as remade from sequence_messages where person_id = $1',
      [personId],
    ),
  ).toEqual([{ remade: true }]);

  const remove = (of: string) => ask('DELETE', `/api/sequences/${of}`);
  expect(await remove(id)).toMatchObject({
    status: 409,
    body: { error: expect.stringContaining('is on') },
  });
  await ask('POST', `/api/sequences/${id}/off`);
  expect(await remove(id)).toMatchObject({ status: 200, body: { kept: true } });
  expect((await ask('GET', `/api/sequences/${id}`)).status).toBe(404);
  expect((await ask('POST', `/api/sequences/${id}/on`)).status).toBe(404);
  expect(await peopleOf(id)).toHaveLength(2);
});
