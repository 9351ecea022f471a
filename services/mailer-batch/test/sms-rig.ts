/** The SMS channel in front of a sandbox, driven the way the service drives it. */
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { AmbiguousError, TransientError, toError } from '@leadwire/shared/errors';
import { newId } from '@leadwire/shared/contract/ids';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createQuota } from '@leadwire/shared/coordination/quota';
import { createSmsBudget } from '@leadwire/shared/delivery/sms-budget';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createMobizonCampaigns } from '@leadwire/shared/providers/mobizon/campaigns';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import { MOBIZON_KEY } from '@leadwire/testing/settings';
import type {
  BatchResult,
  CampaignChannel,
  ClaimHold,
  ReadyBatch,
} from '../src/sending/channel.ts';
import { createSmsChannel } from '../src/sending/sms-channel.ts';

export const SEND = '/service/campaign/send';
export const ADD = '/service/campaign/addRecipients';
export const CREATE = '/service/campaign/create';

/** A hold under which nothing happens to anybody. */
export const quietHold: ClaimHold = { note: () => Promise.resolve() };

export const phone = (n: number) => `+7705${String(1_000_000 + n)}`;
export const digits = (n: number) => phone(n).slice(1);
export const everyNumber = (count: number) =>
  Array.from({ length: count }, (_, n) => digits(n)).sort();
export const statuses = (results: BatchResult) => results.map(({ status }) => status);

export interface Crash {
  /** The how many-th note is the last thing that the process does. */
  atNote: number;
  /** Whether the database has it. */
  isNoted: boolean;
}

export interface Delivered {
  results: BatchResult;
  /** How many tries it took. */
  tried: number;
}

export interface SmsRig {
  sandbox: Sandbox;
  channel: CampaignChannel;
  /** What the channel takes for the time, in Unix milliseconds; moved on by tests. */
  now: number;
  /** Forgets everything that was sent. */
  reset: () => Promise<void>;
  /** A campaign's batch, as the database hands it out. */
  batchOf: (count: number) => ReadyBatch;
  /**
   * Sends a batch as the service does: what an earlier try noted is there at the next one, which looks
   * first when something may have happened. `tries` of them at most.
   */
  deliver: (batch: ReadyBatch, options?: { crash?: Crash; tries?: number }) => Promise<Delivered>;
  numbersSentTo: () => Promise<string[]>;
  close: () => Promise<void>;
}

export async function startSmsRig(): Promise<SmsRig> {
  const [broker, sandbox] = await Promise.all([startNats(), startSandbox()]);
  const bus = await openTestBus(broker, 'test');
  const limiter = createLimiter({
    bus,
    account: 'mobizon-test',
    ratePerSecond: 500,
    metrics: createMetrics('test'),
  });
  const mobizon = createMobizonCampaigns({
    apiKey: MOBIZON_KEY,
    baseUrl: sandbox.mobizonUrl,
    timeoutMs: 5_000,
    limiter,
    track: (_action, _context, call) => call(),
  });
  const rig: SmsRig = {
    sandbox,
    channel: createSmsChannel({
      mobizon,
      from: 'Leadwire',
      listingLagMs: 60_000,
      refusal: (number) => (number.startsWith('+7') ? undefined : 'sms_not_allowed'),
      budget: createSmsBudget({
        source: 'campaigns',
        quota: createQuota(bus),
        alerts: createAlerts(bus),
        perHour: 600,
        perDay: 0,
        log: createLog('test', 'silent'),
      }),
      now: () => rig.now,
    }),
    now: Date.now(),
    reset: async () => {
      rig.now = Date.now();
      await sandbox.control.reset();
      await sandbox.control.mobizon.set({
        apiKey: MOBIZON_KEY,
        ratePerSecondPerMethod: 500,
        senders: ['Leadwire'],
        balance: 100_000,
      });
    },
    batchOf: (count) => batchOf(count, new Date(rig.now)),
    deliver: (batch, options) => deliver(rig.channel, batch, options),
    numbersSentTo: async () => (await sandbox.control.sms()).flatMap(({ to }) => to).sort(),
    close: async () => {
      await bus.drain();
      await Promise.all([broker.close(), sandbox.close()]);
    },
  };
  return rig;
}

function batchOf(count: number, at: Date): ReadyBatch {
  const sms = '{{ name }}, эфир перенесён на {{ day }}';
  return {
    campaignId: newId(),
    n: 1,
    channel: 'sms',
    campaignName: 'Перенос',
    attempts: 0,
    ratePerSecond: null,
    template: 'stream-moved',
    idempotencyKey: 'k',
    isInherited: false,
    at: at.toISOString(),
    providerRef: null,
    stage: null,
    frozen: {
      version: 1,
      template: 'stream-moved',
      timeZone: 'Asia/Almaty',
      countdownTo: null,
      view: { day: '25 ноября' },
      mail: null,
      sms,
    },
    recipients: Array.from({ length: count }, (_, n) => ({
      id: newId(),
      row: n + 1,
      contact: phone(n),
      // A name has no digits: other texts would not be greeted with.
      name: `Имя${'абвгдежзик'[n % 10]}`,
      variables: {},
    })),
  };
}

async function deliver(
  channel: CampaignChannel,
  batch: ReadyBatch,
  { crash, tries = 6 }: { crash?: Crash; tries?: number } = {},
): Promise<Delivered> {
  let [state, notes, wasTried] = [batch, 0, false];
  const hold: ClaimHold = {
    note: (progress) => {
      notes += 1;
      const isDead = notes === crash?.atNote;
      if (!isDead || crash?.isNoted) state = { ...state, ...progress };
      return isDead ? Promise.reject(new Error('killed')) : Promise.resolve();
    },
  };
  for (let tried = 1; tried <= tries; tried += 1) {
    const prepared = await channel.prepare(state);
    await channel.turn(state, () => Promise.resolve({ kind: 'claimed' }));
    try {
      const results = wasTried
        ? await channel.reconcile(prepared, hold)
        : await channel.send(prepared, hold);
      if (results.length > 0) return { results, tried };
      wasTried = true;
    } catch (thrown) {
      const error = toError(thrown);
      const isOurs = error.message === 'killed' || error instanceof TransientError;
      if (!isOurs) throw thrown;
      wasTried ||= error instanceof AmbiguousError || error.message === 'killed';
    }
  }
  return { results: [], tried: tries };
}
