/** A notifier as it runs in production, between a real broker and the sandbox; one rig for a test file. */
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';

const MOBIZON_KEY = 'k'.repeat(40);

/** Starts before the file's tests and ends after them; every notifier is stopped after its test, so that it leaves no message half done. */
export function useRig() {
  let broker: TestBroker;
  let sandbox: Sandbox;
  let bus: Bus;
  let running: ServiceProcess[] = [];

  beforeAll(async () => {
    [broker, sandbox] = await Promise.all([
      startNats(),
      startSandbox({
        resend: {
          apiKeys: ['re_sandbox_key'],
          verifiedDomains: ['leadwire.kz'],
          ratePerSecond: 50,
        },
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
    await Promise.all(running.map((service) => service.stop()));
    running = [];
  });

  const entriesOf = ({ leadId }: Lead): Promise<LedgerEntry[]> => createLedger(bus).ofLead(leadId);

  return {
    broker: () => broker,
    bus: () => bus,
    control: () => sandbox.control,
    entriesOf,
    mailsTo: (lead: Lead) => sandbox.control.mails(lead.email ?? ''),
    smsTo: (lead: Lead) => sandbox.control.sms((lead.phone ?? '').replace('+', '')),

    /** What makes Mailgun the second provider, soon after Resend has begun to fail. */
    mailgunEnv: (): Record<string, string> => ({
      MAILGUN_API_KEY: 'mailgun-sandbox-key',
      MAILGUN_DOMAIN: 'leadwire.kz',
      MAILGUN_BASE_URL: sandbox.mailgunUrl,
      MAILGUN_RATE_PER_SECOND: '50',
      MAILGUN_EVENTS_LAG_MS: '3000',
      MAIL_FALLBACK_AFTER_MS: '500',
    }),

    startNotifier: async (env: Record<string, string> = {}): Promise<ServiceProcess> => {
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
    },

    publishLead: async (lead: Lead): Promise<void> => {
      await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
    },

    /** How each channel of the lead ended, once all have: `sent`, or `skipped: phone_invalid`. */
    settled: async (lead: Lead): Promise<Record<string, string>> => {
      const entries = await waitFor(
        async () => {
          const all = await entriesOf(lead);
          return all.length === 2 && all.every(({ settledAt }) => settledAt) ? all : undefined;
        },
        { timeoutMs: 20_000, what: 'both deliveries to end' },
      );
      return Object.fromEntries(
        entries.map(({ channel, state, reason }) => [
          channel,
          reason ? `${state}: ${reason}` : state,
        ]),
      );
    },

    /** The fact that was published about one of the lead's deliveries. */
    told: async (lead: Lead, channel: string, outcome: string) => {
      const entry = await waitFor(
        async () => (await entriesOf(lead)).find((one) => one.channel === channel),
        { what: `the ${channel} in the ledger` },
      );
      const subject = subjects.delivery(channel, outcome, entry.deliveryId);
      return waitFor(() => bus.lastUnder('DELIVERIES', subject), { what: subject });
    },

    nothingIsLeft: async (): Promise<void> => {
      const manager = await bus.manager();
      await waitFor(
        async () => (await manager.streams.info('NOTIFICATIONS')).state.messages === 0,
        { what: 'all work to be done' },
      );
    },
  };
}
