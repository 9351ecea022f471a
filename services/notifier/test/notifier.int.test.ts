import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/bus';
import type { DeliveryRecorded, Lead } from '@leadwire/shared/events';
import { createLedger } from '@leadwire/shared/ledger';
import { subjects } from '@leadwire/shared/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startNats, type TestBroker } from '@leadwire/testing/nats';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';

const MOBIZON_KEY = 'k'.repeat(40);

let broker: TestBroker;
let sandbox: Sandbox;
let bus: Bus;
let running: ServiceProcess[] = [];

beforeAll(async () => {
  [broker, sandbox] = await Promise.all([
    startNats(),
    startSandbox({
      resend: { apiKeys: ['re_sandbox_key'], verifiedDomains: ['leadwire.kz'], ratePerSecond: 50 },
      mobizon: { apiKey: MOBIZON_KEY, ratePerSecondPerMethod: 50, senders: ['Leadwire'] },
    }),
  ]);
  bus = await openTestBus(broker, 'test');
});

afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), sandbox.close()]);
});

beforeEach(() => sandbox.control.clearFaults());

afterEach(async () => {
  await Promise.all(running.map((service) => service.kill()));
  running = [];
});

async function startNotifier(env: Record<string, string> = {}): Promise<ServiceProcess> {
  const service = await startServiceProcess({
    entry: 'services/notifier/src/main.ts',
    env: {
      NATS_URL: broker.url,
      NOTIFY_DELAY_MS: '300',
      PUBLIC_BASE_URL: 'https://leadwire.kz',
      PROFTEST_RESULT_URL: 'https://leadwire.kz/result',
      COURSE_URL: 'https://leadwire.kz/course',
      RESEND_API_KEY: 're_sandbox_key',
      RESEND_BASE_URL: sandbox.resendUrl,
      RESEND_FROM_EMAIL: 'Leadwire <hello@leadwire.kz>',
      RESEND_RATE_PER_SECOND: '50',
      MOBIZON_API_KEY: MOBIZON_KEY,
      MOBIZON_BASE_URL: sandbox.mobizonUrl,
      MOBIZON_FROM: 'Leadwire',
      MOBIZON_RATE_PER_SECOND: '50',
      MOBIZON_LISTING_LAG_MS: '500',
      ...env,
    },
  });
  running.push(service);
  return service;
}

async function publishLead(lead: Lead): Promise<void> {
  await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
}

/** How each channel of the lead ended, once all have. */
async function settled(lead: Lead): Promise<Record<string, string>> {
  const entries = await waitFor(
    async () => {
      const all = await createLedger(bus).ofLead(lead.leadId);
      return all.length === 2 && all.every(({ settledAt }) => settledAt) ? all : undefined;
    },
    { timeoutMs: 20_000, what: 'both deliveries to end' },
  );
  return Object.fromEntries(
    entries.map(({ channel, state, reason }) => [channel, reason ? `${state}: ${reason}` : state]),
  );
}

async function told(lead: Lead, channel: string, outcome: string) {
  const [entry] = (await createLedger(bus).ofLead(lead.leadId)).filter(
    (one) => one.channel === channel,
  );
  const subject = subjects.delivery(channel, outcome, entry?.deliveryId ?? 'none');
  return waitFor(() => bus.lastUnder('DELIVERIES', subject), { what: subject });
}

async function nothingIsLeft(): Promise<void> {
  const manager = await bus.manager();
  await waitFor(async () => (await manager.streams.info('NOTIFICATIONS')).state.messages === 0, {
    what: 'all work to be done',
  });
}

const mailsTo = (lead: Lead) => sandbox.control.mails(lead.email ?? '');
const smsTo = (lead: Lead) => sandbox.control.sms((lead.phone ?? '').replace('+', ''));

describe('an ordinary lead', () => {
  test('gets one mail and one SMS, not before they are due, and the outcome is told', async () => {
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    const [mails, sms] = [await mailsTo(lead), await smsTo(lead)];
    expect(mails).toHaveLength(1);
    expect(sms).toHaveLength(1);
    expect(sms[0]).toMatchObject({ segments: 1, from: 'Leadwire' });
    const dueAt = Date.parse(lead.receivedAt) + 300;
    expect(Date.parse(mails[0]!.at)).toBeGreaterThanOrEqual(dueAt);
    expect(Date.parse(sms[0]!.at)).toBeGreaterThanOrEqual(dueAt);

    const event = (await told(lead, 'sms', 'sent')).event as DeliveryRecorded;
    expect(event.data).toMatchObject({ leadId: lead.leadId, outcome: 'sent', attempts: 1 });
    expect(sms[0]!.text).toContain(`/s/${event.data.shortLink!.code}`);
    await told(lead, 'email', 'planned');
    await nothingIsLeft();
  });

  test('of a course purchase gets the texts of the purchase', async () => {
    await startNotifier();
    const lead = someLead({ kind: 'purchase', paymentMethod: 'kaspi', answers: {} });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect((await mailsTo(lead))[0]!.tags).toContainEqual({
      name: 'template',
      value: 'course-purchase',
    });
  });
});

describe('a lead that one channel cannot reach', () => {
  test('with an invalid phone gets its mail, and the SMS is skipped with its reason', async () => {
    await startNotifier();
    const lead = someLead({ phone: '870512345', contactIssues: ['phone_invalid'] });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'skipped: phone_invalid' });
    expect(await mailsTo(lead)).toHaveLength(1);
    expect((await told(lead, 'sms', 'skipped')).event).toMatchObject({
      data: { reason: 'phone_invalid' },
    });
  });

  test('without a mail address gets its SMS', async () => {
    await startNotifier();
    const lead = someLead({ email: null, contactIssues: ['email_invalid'] });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'skipped: email_invalid', sms: 'sent' });
  });
});

describe('nobody is contacted twice', () => {
  test('when LeadCreated is delivered again, before and after sending', async () => {
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);
    await publishLead(lead);
    await settled(lead);
    await publishLead(lead);
    await nothingIsLeft();

    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('when the due message itself is delivered again', async () => {
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);
    await settled(lead);
    for (const { deliveryId, channel, template, dueAt, leadId, shortLink } of await createLedger(
      bus,
    ).ofLead(lead.leadId)) {
      const due = leadCreated(lead);
      const data = { deliveryId, channel, template, dueAt, leadId, lead, shortLink };
      const event = { ...due, type: 'notification.due.v1', data };
      await bus.publish(
        subjects.notifyDue(channel, deliveryId),
        Buffer.from(JSON.stringify(event)),
      );
    }
    await nothingIsLeft();

    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('when two notifiers share the work', async () => {
    await Promise.all([startNotifier(), startNotifier()]);
    const leads = Array.from({ length: 30 }, () => someLead());
    await Promise.all(leads.map(publishLead));

    for (const lead of leads) expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    for (const lead of leads) {
      expect(await mailsTo(lead)).toHaveLength(1);
      expect(await smsTo(lead)).toHaveLength(1);
    }
  });

  test.each(['effect-then-drop', 'effect-then-5xx', 'effect-then-garbage'] as const)(
    'when both providers act and then fail to say so (%s)',
    async (action) => {
      for (const provider of ['resend', 'mobizon']) {
        const path = provider === 'resend' ? '/emails' : '*/sendSmsMessage';
        await sandbox.control.addFault({ provider, path, count: 1, action: { do: action } });
      }
      await startNotifier();
      const lead = someLead();
      await publishLead(lead);

      expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
      expect(await mailsTo(lead)).toHaveLength(1);
      expect(await smsTo(lead)).toHaveLength(1);
    },
  );
});

describe('a planned message survives', () => {
  test('a notifier killed between schedule and due', async () => {
    const first = await startNotifier({ NOTIFY_DELAY_MS: '1500' });
    const lead = someLead();
    await publishLead(lead);
    await waitFor(async () => (await createLedger(bus).ofLead(lead.leadId)).length === 2);
    await told(lead, 'sms', 'planned');
    await first.kill();
    expect(await mailsTo(lead)).toHaveLength(0);
    await startNotifier();

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('a broker killed between schedule and due', async () => {
    await startNotifier({ NOTIFY_DELAY_MS: '1500' });
    const lead = someLead();
    await publishLead(lead);
    await waitFor(async () => (await createLedger(bus).ofLead(lead.leadId)).length === 2);
    await told(lead, 'sms', 'planned');
    await broker.kill();
    await broker.start();
    await waitFor(() => bus.isConnected());

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('but is skipped when it has become too old to be wanted', async () => {
    await startNotifier({ NOTIFY_MAX_AGE_MS: '60000' });
    const lead = someLead({ receivedAt: new Date(Date.now() - 3_600_000).toISOString() });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'skipped: stale', sms: 'skipped: stale' });
    expect(await mailsTo(lead)).toHaveLength(0);
  });
});

describe('a provider that refuses', () => {
  test('one mail for good: it is failed with the reason, dead-lettered, and the SMS goes ahead', async () => {
    await startNotifier();
    // The provider refuses placeholder domains with 422.
    const lead = someLead({ email: 'aigerim@example.com' });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'failed: validation_error', sms: 'sent' });
    const dead = await waitFor(() => bus.lastUnder('DEAD_LETTERS', 'dead.notifier-email.>'));
    expect(dead.header('App-Error')).toContain('422');
  });

  test('for now (429): it is sent later, once', async () => {
    await sandbox.control.addFault({
      provider: 'resend',
      path: '/emails',
      count: 2,
      action: {
        do: 'fixed',
        status: 429,
        headers: { 'retry-after': '1', 'content-type': 'application/json' },
        body: '{"statusCode":429,"message":"Too many requests","name":"rate_limit_exceeded"}',
      },
    });
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect(await mailsTo(lead)).toHaveLength(1);
  });
});

test('a bad environment variable stops the notifier with its name and what was expected', async () => {
  const start = startNotifier({ NOTIFY_DELAY_MS: 'ten minutes', RESEND_API_KEY: '' });
  await expect(start).rejects.toThrow(/NOTIFY_DELAY_MS: expected a whole number of milliseconds/);
});
