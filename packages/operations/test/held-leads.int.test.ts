/** Held leads are let out once, and what is planned can be taken back until a sender has begun it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { auditSchema } from '@leadwire/shared/contract/staff-facts';
import { CONTENT_HASH_HEADER, subjects } from '@leadwire/shared/contract/topology';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createLedger, deliveryOf } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { cancelLeads, foreseeCancel } from '../src/leads/cancel.ts';
import { foreseeRelease, releaseLeads } from '../src/leads/release.ts';

let broker: TestBroker;
let bus: Bus;
const actor = 'aida@leadwire-sample.kz';
const begin = new Date(Date.now() - 60_000);

beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

async function hold(overrides: Partial<Lead> = {}): Promise<Lead> {
  const data = someLead({ quarantine: 'flood', ...overrides });
  const event = makeEvent('lead.quarantined.v1', {
    source: 'landing-api',
    subject: data.leadId,
    data,
  });
  const headers = { [CONTENT_HASH_HEADER]: 'hash' };
  await bus.publish(subjects.leadQuarantined(data.kind, data.leadId), event, { headers });
  return data;
}

async function details(action: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { json } of readStream(bus, 'AUDIT', { subject: subjects.audit(action, '*') })) {
    found.push(auditSchema.parse((json as { data: unknown }).data));
  }
  return found;
}

async function heldAlert(): Promise<string | undefined> {
  const stored = await bus.lastUnder('ALERTS', subjects.alert('*', 'quarantined'));
  const { data } = (stored?.event ?? { data: {} }) as { data: { state?: string } };
  return data.state;
}

test('held leads are let out once, whoever does it and how often, and the log says who did', async () => {
  const flood = await Promise.all(Array.from({ length: 5 }, () => hold()));
  const [bot, nameless] = await Promise.all([
    hold({ quarantine: 'honeypot' }),
    hold({ email: null, phone: '123', contactIssues: ['phone_invalid', 'email_missing'] }),
  ]);
  const told = { severity: 'warning', what: 'quarantined', message: 'Удержаны заявки' } as const;
  await createAlerts(bus).raise(told);
  const selection = { reason: 'flood' as const, since: begin };
  const foreseen = await foreseeRelease(bus, selection);
  expect(foreseen.map(({ lead, isReachable }) => [lead.leadId, isReachable]).sort()).toEqual(
    [...flood.map(({ leadId }) => [leadId, true]), [nameless.leadId, false]].sort(),
  );

  const chosen = flood.slice(0, 2).map(({ leadId }) => leadId);
  await Promise.all([1, 2].map(() => releaseLeads({ bus, actor }, { leadIds: chosen })));
  const rest = await releaseLeads({ bus, actor }, selection);
  expect(rest.released.sort()).toEqual(
    [...flood.slice(2), nameless].map(({ leadId }) => leadId).sort(),
  );
  expect(rest.already.sort()).toEqual([...chosen].sort());
  expect((await foreseeRelease(bus, { since: begin })).map(({ lead }) => lead)).toEqual([bot]);

  const released: string[] = [];
  for await (const message of readStream(bus, 'LEADS', { subject: 'leads.released.*.*' })) {
    released.push(message.subject.split('.').at(-1)!);
    // A repeat of the form after the release is still recognised.
    expect(message.header(CONTENT_HASH_HEADER)).toBe('hash');
  }
  expect(released.sort()).toEqual([...flood, nameless].map(({ leadId }) => leadId).sort());
  expect((await details('lead.released')).at(-1)).toMatchObject({
    actor,
    subject: 'many',
    result: 'done',
    details: { reason: 'flood', released: 4, already: 2 },
  });

  // People were told of the one that is held still.
  expect(await heldAlert()).not.toBe('resolved');
  await releaseLeads({ bus, actor }, { leadIds: [bot.leadId] });
  expect(await heldAlert()).toBe('resolved');
});

test('a lead that is not held is passed over', async () => {
  const lead = someLead();
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
  const report = await releaseLeads({ bus, actor }, { leadIds: [lead.leadId] });
  expect(report).toEqual({ released: [], already: [] });
});

test('what is planned is taken back by lead, number or form; what a sender has begun is left', async () => {
  const ledger = createLedger(bus);
  const plan = async (lead: Lead) => {
    await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
    const { leadId } = lead;
    const [email, sms] = (['email', 'sms'] as const).map((channel) =>
      deliveryOf({ leadId, channel, template: 'proftest-result' }),
    );
    await ledger.plan(email!, { dueAt: new Date() });
    await ledger.plan(sms!, { dueAt: new Date() });
    return { email: email!, sms: sms!, lead };
  };
  const begun = await plan(someLead({ phone: '+77000000177' }));
  const other = await plan(someLead({ phone: '+77000000178', source: 'proftest_spam' }));
  await ledger.claim(begun.sms, 'test', 60_000, {});
  const byPhone = { phone: '8 (700) 000-01-77', since: begin };
  expect(await foreseeCancel(bus, byPhone)).toMatchObject({
    planned: [{ channel: 'email' }],
    sending: [{ channel: 'sms' }],
  });
  expect(await cancelLeads({ bus, actor }, byPhone)).toMatchObject({
    cancelled: [{ leadId: begun.lead.leadId, state: 'skipped', reason: 'cancelled' }],
    left: [{ channel: 'sms' }],
  });
  expect(await ledger.claim(begun.email, 'test', 60_000, {})).toMatchObject({ kind: 'settled' });
  const outcome = subjects.delivery('email', 'skipped', begun.email.deliveryId);
  expect((await bus.lastUnder('DELIVERIES', outcome))?.event).toMatchObject({
    data: { outcome: 'skipped', reason: 'cancelled' },
  });

  const bySource = { source: 'proftest_spam', since: begin };
  expect((await cancelLeads({ bus, actor }, bySource)).cancelled).toHaveLength(2);
  const again = await cancelLeads({ bus, actor }, { leadIds: [other.lead.leadId] });
  expect(again).toEqual({ cancelled: [], left: [] });
  expect(JSON.stringify(await details('lead.cancelled'))).not.toContain('7700000017');
});
