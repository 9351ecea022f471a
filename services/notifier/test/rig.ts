/** A notifier as it runs in production, between a real broker and the sandbox; one rig for a test file. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated } from '@leadwire/testing/lead';
import { keepServices } from '@leadwire/testing/kept-services';
import { notifierEnv, sandboxOptions } from '@leadwire/testing/settings';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import type { ServiceHere } from '@leadwire/testing/service-here';
import type { ServiceProcess } from '@leadwire/testing/service-process';
import { waitFor } from '@leadwire/testing/wait-for';
import { app } from '../src/app.ts';

/** Starts before the file's tests and ends after them; so do its notifiers, unless one is wanted otherwise. */
export function useRig() {
  let broker: TestBroker;
  let sandbox: Sandbox;
  let bus: Bus;
  const services = keepServices();

  beforeAll(async () => {
    [broker, sandbox] = await Promise.all([startNats(), startSandbox(sandboxOptions)]);
    bus = await openTestBus(broker, 'test');
  });
  afterAll(async () => {
    await services.stop();
    await bus.drain();
    await Promise.all([broker.close(), sandbox.close()]);
  });
  beforeEach(() => sandbox.control.clearFaults());
  afterEach(() => services.release());

  const notifierVariables = () => ({ NATS_URL: broker.url, ...notifierEnv(sandbox.url) });
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

    startNotifier: (env: Record<string, string> = {}): Promise<ServiceHere> =>
      services.startHere(app, { ...notifierVariables(), ...env }),

    /** One that can be killed. */
    startNotifierProcess: (env: Record<string, string> = {}): Promise<ServiceProcess> =>
      services.start('services/notifier/src/main.ts', { ...notifierVariables(), ...env }),

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
        // One that a stopped process had in hand comes back after ack_wait, half a minute.
        { timeoutMs: 60_000, what: 'all work to be done' },
      );
    },
  };
}
