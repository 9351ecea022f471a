/** A broker, notifiers and a provider that only counts, and ways to see what they did when. */
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { startServiceProcess, type ServiceProcess } from '@leadwire/testing/service-process';
import { startCountingProvider } from './counting-provider.ts';
import { readMeasures } from './service-measures.ts';

/** Calls a second, of the account and of the provider: so many that no message waits for its turn. */
const NO_LIMIT = 1_000_000;

export type DueRig = Awaited<ReturnType<typeof startDueRig>>;

/** So many notifiers, which plan messages for `delayMs` after a lead was received. */
export async function startDueRig(processes: number, delayMs: number) {
  const [broker, resend] = await Promise.all([startNats(), startCountingProvider()]);
  resend.restart(NO_LIMIT);
  const bus = await openTestBus(broker, 'bench');
  const env = {
    NATS_URL: broker.url,
    NOTIFY_DELAY_MS: String(delayMs),
    CONTACT_HASH_SECRET: 'a-hash-key-for-the-bench-of-32-characters',
    SMS_BUDGET_PER_HOUR: '0',
    SMS_BUDGET_PER_DAY: '0',
    PUBLIC_BASE_URL: 'https://leadwire.kz',
    PROFTEST_RESULT_URL: 'https://leadwire.kz/result',
    COURSE_URL: 'https://leadwire.kz/course',
    RESEND_API_KEY: 're_bench',
    RESEND_BASE_URL: resend.url,
    RESEND_FROM_EMAIL: 'Leadwire <hello@leadwire.kz>',
    RESEND_RATE_PER_SECOND: String(NO_LIMIT),
    MOBIZON_API_KEY: 'k'.repeat(40),
    // Nobody is there: no SMS is sent, and the balance is of no interest.
    MOBIZON_BASE_URL: resend.url,
  };
  const start = () => startServiceProcess({ entry: 'services/notifier/src/main.ts', env });
  const notifiers = await Promise.all(Array.from({ length: processes }, start));
  const manager = await bus.manager();
  return {
    bus,
    resend,
    ledger: createLedger(bus),
    /** Messages that wait at the broker, or are due and not sent yet; and how many it ever held. */
    notifications: async () => {
      const { state } = await manager.streams.info('NOTIFICATIONS');
      return { waiting: state.messages, everStored: state.last_seq };
    },
    pids: () => ({ broker: broker.pid?.(), notifiers: notifiers.map(({ pid }) => pid) }),
    measures: () => Promise.all(notifiers.map(measuresOf)),
    async close() {
      await Promise.all(notifiers.map((notifier) => notifier.stop()));
      await bus.drain();
      await Promise.all([broker.close(), resend.close()]);
    },
  };
}

/** Seconds since a notifier started, and how many mails they went into. */
export interface Measures {
  mails: number;
  handling: number;
  /** For the account's turn, with the claim right before it. */
  turn: number;
  call: number;
  cpu: number;
}

async function measuresOf(notifier: ServiceProcess): Promise<Measures> {
  const read = await readMeasures(notifier);
  return {
    mails: read('consumer_handle_seconds_count', { durable: 'notifier-email' }),
    handling: read('consumer_handle_seconds_sum', { durable: 'notifier-email' }),
    turn: read('limiter_wait_seconds_sum', { account: 'resend' }),
    call: read('provider_request_seconds_sum', { provider: 'resend' }),
    cpu: read('process_cpu_seconds_total'),
  };
}
