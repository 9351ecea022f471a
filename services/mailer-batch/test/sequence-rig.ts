/** Sequences as a person makes them and as services tell what happened, at a mailer-batch with everything behind it real. */
import { afterAll, beforeAll, expect } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { SequenceTrigger } from '@leadwire/shared/contract/sequences';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated } from '@leadwire/testing/lead';
import type { ServiceHere } from '@leadwire/testing/service-here';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

/** For what a mailer on a busy machine does by itself. */
export const patient = (what: string) => ({ timeoutMs: 90_000, what });

/** Somebody in a sequence, with how many messages were handed to be sent. */
interface Row {
  id: string;
  email: string;
  state: string;
  reason: string | null;
  handed: number;
}

/** Starts before the file's tests and ends after them; a mailer is each test's to start, and is stopped after it. */
export function useSequences() {
  let bus: Bus;
  let mailer: ServiceHere;

  afterAll(() => bus?.drain());
  const rig = useRig();
  beforeAll(async () => {
    bus = await openTestBus(rig.broker(), 'test');
  }, 60_000);

  const startMailer = async () => {
    mailer = await rig.startMailer();
  };
  /** Answers how it is killed. */
  const startMailerProcess = async () => {
    const process = await rig.startMailerProcess();
    mailer = process;
    return async () => {
      rig.forget(process);
      await process.kill();
    };
  };

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
      content: {
        mail: { subject: words, preheader: '', blocks: [{ type: 'text', text: words }] },
        sms,
      },
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
    await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead), {
      msgId: newId(),
    });
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
    await waitFor(
      async () => !(await bus.lastUnder('SEQUENCES', subject)),
      patient('the message to be settled'),
    );
  };
  const mailsTo = async (email: string | null) =>
    (await rig.control().mails()).filter(({ to }) => to.includes(email ?? ''));

  return {
    rig,
    bus: () => bus,
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
  };
}
