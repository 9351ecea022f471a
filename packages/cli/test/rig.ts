/** What the CLI looks at: a real broker, a real notifier, the sandbox behind it; one rig for a test file. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { app as notifierApp } from '@leadwire/notifier/app';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Lead } from '@leadwire/shared/contract/events';
import { createLedger, type LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated } from '@leadwire/testing/lead';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { notifierEnv, sandboxOptions } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import { runCli } from './run-cli.ts';

/** Starts before the file's tests and ends after them. */
export function useRig() {
  let broker: TestBroker;
  let sandbox: Sandbox;
  let bus: Bus;
  let notifier: ServiceHere;

  beforeAll(async () => {
    [broker, sandbox] = await Promise.all([startNats(), startSandbox(sandboxOptions)]);
    bus = await openTestBus(broker, 'test');
    notifier = await startServiceHere(notifierApp, {
      NATS_URL: broker.url,
      ...notifierEnv(sandbox.url),
      NOTIFY_DELAY_MS: '100',
    });
  });
  afterAll(async () => {
    await notifier.stop();
    await bus.drain();
    await Promise.all([broker.close(), sandbox.close()]);
  });
  beforeEach(() => sandbox.control.clearFaults());

  const emailOf = async ({ leadId }: Pick<Lead, 'leadId'>): Promise<LedgerEntry> => {
    const entries = await createLedger(bus).ofLead(leadId);
    const entry = entries.find(({ channel }) => channel === 'email');
    if (!entry) throw new Error('no mail is planned yet');
    return entry;
  };

  return {
    broker: () => broker,
    bus: () => bus,
    cli: (...args: string[]) => runCli({ NATS_URL: broker.url }, ...args),
    mailsTo: (lead: Lead) => sandbox.control.mails(lead.email ?? ''),
    emailOf,

    publishLead: async (lead: Lead): Promise<void> => {
      await bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));
    },

    /** Resend refuses mails for good, until the faults are cleared; its words name a person. */
    refuseMails: () =>
      sandbox.control.addFault({
        provider: 'resend',
        path: '/emails',
        action: {
          do: 'fixed',
          status: 422,
          headers: { 'content-type': 'application/json' },
          body: '{"statusCode":422,"name":"validation_error","message":"The address is not valid."}',
        },
      }),
    acceptMails: () => sandbox.control.clearFaults(),

    /** The lead's mail, once it has ended as given, later than `before`. */
    emailEnds: (lead: Pick<Lead, 'leadId'>, state: LedgerEntry['state'], before = '') =>
      waitFor(
        async () => {
          const entry = await emailOf(lead);
          return entry.state === state && (entry.settledAt ?? '') > before ? entry : undefined;
        },
        { timeoutMs: 60_000, what: `the mail to be ${state}` },
      ),

    /** The sequence of the newest dead letter about the lead. */
    deadLetter: async (lead: Lead, newerThan = '0'): Promise<string> => {
      const { deliveryId } = await emailOf(lead);
      const subject = subjects.dead('notifier-email', subjects.notifyDue('email', deliveryId));
      const seq = await waitFor(
        async () => {
          const letter = await bus.lastUnder('DEAD_LETTERS', subject);
          return letter && letter.seq > Number(newerThan) ? letter.seq : undefined;
        },
        { what: 'the dead letter' },
      );
      return String(seq);
    },
  };
}
