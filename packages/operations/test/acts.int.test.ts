/** What is done by hand to messages, dead letters and facts: done once, and written into the audit log. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { Bus } from '@leadwire/shared/broker/bus';
import { auditSchema, type AuditRecord } from '@leadwire/shared/contract/staff-facts';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import {
  createLedger,
  deliveryOf,
  ledgerKey,
  type LedgerEntry,
} from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { discardLetters, foreseeRedrive, redriveLetters } from '../src/dead-letters/act.ts';
import { findDeadLetters } from '../src/dead-letters/dead-letters.ts';
import { resendDeliveries } from '../src/deliveries/resend.ts';
import { foreseeRetry, retryDeliveries } from '../src/deliveries/retry.ts';
import { requireLead } from '../src/leads/find-lead.ts';
import { leadReport } from '../src/leads/lead-report.ts';
import { durablesMeant, replay, selectFacts } from '../src/replay/replay.ts';

let broker: TestBroker;
let bus: Bus;
const actor = 'aida@leadwire-sample.kz';

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

/** A lead with a mail that ended as given. */
async function leadWithMail(state: LedgerEntry['state']): Promise<LedgerEntry> {
  const lead = someLead();
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
  const { leadId } = lead;
  const mail = deliveryOf({ leadId, channel: 'email' as const, template: 'proftest-result' });
  const shortLink = { code: leadId.slice(-7), url: 'https://leadwire.kz/' };
  const ledger = createLedger(bus);
  await ledger.plan(mail, { dueAt: new Date(), shortLink });
  const [entry] = await ledger.ofLead(leadId);
  const settledAt = new Date().toISOString();
  const ended: LedgerEntry = { ...entry!, state, settledAt, attempts: 1 };
  await (await bus.bucket('deliveries')).put(ledgerKey(mail), JSON.stringify(ended));
  return ended;
}

const mailOf = async ({ leadId }: LedgerEntry) => (await createLedger(bus).ofLead(leadId))[0];
const waits = ({ deliveryId }: LedgerEntry) =>
  bus.lastUnder('NOTIFICATIONS', subjects.notifyAt('email', deliveryId));

/** What the audit log has under the action about it, oldest first. */
async function auditOf(action: string, subject: string): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for await (const { json } of readStream(bus, 'AUDIT', { subject: subjects.audit(action, '*') })) {
    const record = auditSchema.parse((json as { data: unknown }).data);
    if (record.subject === subject) records.push(record);
  }
  return records;
}

describe('a retry', () => {
  test('hands out what failed, once, and the log says who did it and what it was', async () => {
    const mail = await leadWithMail('failed');
    const { leadId } = mail;
    expect((await foreseeRetry(bus, leadId, { channel: 'sms' })).all).toEqual([]);
    expect((await foreseeRetry(bus, leadId, {})).chosen).toMatchObject([{ state: 'failed' }]);
    expect(await retryDeliveries({ bus, actor }, leadId, {})).toHaveLength(1);
    expect(await mailOf(mail)).toMatchObject({ state: 'planned' });
    expect(await waits(mail)).toBeDefined();
    expect(await retryDeliveries({ bus, actor }, leadId, {})).toEqual([]);
    const details = { isUnknownToo: false, messages: ['email.proftest-result'] };
    expect(await auditOf('delivery.retried', leadId)).toMatchObject([
      { actor, result: 'done', details },
      { actor, result: 'done', details: { messages: [] } },
    ]);
  });

  test('leaves what may have arrived to a person who asks for it', async () => {
    const mail = await leadWithMail('unknown');
    expect(await retryDeliveries({ bus, actor }, mail.leadId, {})).toEqual([]);
    const wanted = { isUnknownToo: true };
    expect(await retryDeliveries({ bus, actor }, mail.leadId, wanted)).toHaveLength(1);
  });

  test('of a message that cannot be made again is refused, and the log says so', async () => {
    const leadId = newId();
    const mail = deliveryOf({ leadId, channel: 'email' as const, template: 'proftest-result' });
    await createLedger(bus).plan(mail, { dueAt: new Date() });
    const [entry] = await createLedger(bus).ofLead(leadId);
    const failed = { ...entry, state: 'failed', settledAt: new Date().toISOString() };
    await (await bus.bucket('deliveries')).put(ledgerKey(mail), JSON.stringify(failed));
    await expect(retryDeliveries({ bus, actor }, leadId, {})).rejects.toMatchObject({
      name: 'DeliveryError',
      problem: 'gone',
    });
    expect(await auditOf('delivery.retried', leadId)).toMatchObject([{ result: 'refused' }]);
  });
});

test('a copy of what the person has is told to the admins and logged', async () => {
  const mail = await leadWithMail('sent');
  expect(await resendDeliveries({ bus, actor }, mail.leadId, 'sms')).toEqual([]);
  expect(await resendDeliveries({ bus, actor }, mail.leadId, 'email')).toHaveLength(1);
  expect(await mailOf(mail)).toMatchObject({ state: 'planned', copies: 1 });
  const alert = await bus.lastUnder('ALERTS', subjects.alert('warning', 'forced_resend'));
  expect(JSON.stringify(alert?.event)).toContain(mail.leadId);
  expect(await auditOf('delivery.resent', mail.leadId)).toMatchObject([
    { details: { channel: 'sms', messages: [] } },
    { details: { messages: ['email.proftest-result'] } },
  ]);
});

describe('dead letters', () => {
  /** As the shared consumer leaves one. */
  async function deadLetter(mail: LedgerEntry): Promise<number> {
    const { leadId, channel, template, deliveryId } = mail;
    const about = { leadId, channel, template, deliveryId };
    const subject = subjects.dead('notifier-email', subjects.notifyDue('email', deliveryId));
    const body = new TextEncoder().encode(JSON.stringify({ data: about }));
    const headers = { 'App-Error-Code': 'validation_error', 'App-Attempts': '1' };
    return (await bus.publish(subject, body, { headers })).seq;
  }

  test('redriven together are one line of the log; by one it is found under its lead', async () => {
    const failed = [await leadWithMail('failed'), await leadWithMail('sent')];
    const seqs = [await deadLetter(failed[0]!), await deadLetter(failed[1]!)];
    const what = 'notifier-email_dead_letters';
    const told = { severity: 'warning', what, message: 'a message was given up' } as const;
    await createAlerts(bus).report(told, 'dead:1');
    const letters = await findDeadLetters(bus, { cause: 'validation_error' });
    expect(letters.map(({ seq }) => seq)).toEqual(seqs);
    const foreseen = (await foreseeRedrive(bus, letters)).map(({ act }) => act);
    expect(foreseen).toEqual(['redrive', 'settle']);
    const results = await redriveLetters({ bus, actor }, letters);
    expect(results.map(({ act }) => act)).toEqual(foreseen);
    expect(await findDeadLetters(bus, {})).toEqual([]);
    expect(await auditOf('dead_letter.redriven', 'many')).toMatchObject([
      { actor, details: { letters: 2, seqs, redrive: 1, settle: 1, isUnknownToo: false } },
    ]);

    const ended = await bus.lastUnder('ALERTS', subjects.alert('*', what));
    expect(ended?.event).toMatchObject({ data: { state: 'resolved' } });

    const unknown = await leadWithMail('unknown');
    await deadLetter(unknown);
    const left = await findDeadLetters(bus, { leadId: unknown.leadId });
    expect(await redriveLetters({ bus, actor }, left)).toMatchObject([{ act: 'leave' }]);
    expect(await discardLetters({ bus, actor }, left)).toMatchObject([{ act: 'drop' }]);
    expect(await findDeadLetters(bus, {})).toEqual([]);
    expect(await auditOf('dead_letter.dropped', unknown.leadId)).toMatchObject([
      { details: { drop: 1 } },
    ]);
  });
});

test('a replay hands the facts of one lead to one durable, and is found under the lead', async () => {
  const { leadId } = await leadWithMail('sent');
  const shares = await selectFacts(bus, durablesMeant('tripwire-leads'), { leadId });
  await replay({ bus, actor }, 'replay-1', shares);
  const redriven = subjects.redrive('tripwire-leads', 'replay-1', subjects.anyLead(leadId));
  expect(await bus.lastUnder('LEADS', redriven)).toBeDefined();
  expect(await auditOf('facts.replayed', leadId)).toMatchObject([
    { actor, details: { leads: 1, events: { 'tripwire-leads': 1 } } },
  ]);
  expect(() => durablesMeant('nobody')).toThrow(/takes no replays. There are: .*lead-store-leads/);
});

describe('a lead', () => {
  test('is reported without a database, and by the beginning of its id', async () => {
    const { leadId } = await leadWithMail('sent');
    const report = await leadReport({ bus }, leadId.slice(0, 30).toUpperCase());
    expect(report).toMatchObject({ lead: { leadId }, deliveries: [{ state: 'sent' }] });
    expect(report.database).toBeUndefined();
  });

  test.each([
    ['anna', 'bad_id'],
    ['0199f503', 'unknown'],
    [newId(), 'unknown'],
  ])('that is not there: %s is %s', async (id, problem) => {
    await expect(requireLead({ bus }, id)).rejects.toMatchObject({ name: 'LeadError', problem });
  });
});
