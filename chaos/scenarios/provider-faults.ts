import type { NewFaultRule } from '@leadwire/sandbox/world/faults';
import { waitFor } from '@leadwire/testing/wait-for';
import type { Scenario } from '../scenario.ts';

interface Weather {
  name: string;
  hunts: string;
  faults: readonly NewFaultRule[];
  /** Milliseconds that it lasts. */
  lastsMs?: number;
}

/** Everything a provider does wrong while these rules are in force, and fair weather before and after. */
export function weather({ name, hunts, faults, lastsMs = 15_000 }: Weather): Scenario {
  return {
    name,
    hunts,
    leadsPerSecond: 8,
    async disturb({ world: { sandbox }, pass }) {
      await pass(1_000);
      for (const fault of faults) await sandbox.addFault(fault);
      await pass(lastsMs);
      // On a busy machine the first message may be late.
      const hasStruck = async () => (await sandbox.faults()).some(({ struck }) => struck > 0);
      await waitFor(hasStruck, { timeoutMs: 90_000, what: 'a fault to strike' });
      await sandbox.clearFaults();
      await pass(1_000);
    },
  };
}

export const SEND_SMS = '/service/message/sendSmsMessage';

/** Hunts: a send repeated because its answer was lost, which is two SMS and two bills. */
export const effectThenDrop = weather({
  name: 'effect-then-drop',
  hunts: 'a second message because the answer to the first was lost, cut or a server error',
  faults: [
    { probability: 0.15, action: { do: 'effect-then-drop' } },
    { probability: 0.1, action: { do: 'effect-then-5xx' } },
    { probability: 0.1, action: { do: 'effect-then-garbage', as: 'cut-json' } },
    // Their side crashes between the effect and its own record: 409 for a while.
    {
      probability: 0.1,
      provider: 'resend',
      at: 'after-effect',
      action: { do: 'effect-then-drop' },
    },
  ],
});

/** Hunts: a time limit taken for a failure; a late answer that meets a second try. */
export const effectThenLate = weather({
  name: 'effect-then-late',
  hunts: 'a second message because the answer to the first came after our patience ended',
  faults: [
    { probability: 0.3, path: '/emails', action: { do: 'effect-then-late', delayMs: 25_000 } },
    { probability: 0.3, path: SEND_SMS, action: { do: 'effect-then-late', delayMs: 25_000 } },
    { probability: 0.3, action: { do: 'slow', delayMs: 3_000 } },
  ],
});

/** Hunts: attempts spent on a provider that is down; a message given up because of it. */
export const serverErrors = weather({
  name: '5xx-storm',
  hunts: 'a message that was given up, or sent twice, because the provider was down for a while',
  faults: [
    { probability: 0.5, action: { do: 'refuse', status: 503 } },
    { probability: 0.5, action: { do: 'refuse' } },
  ],
});

/** Hunts: a limit that only one process hears of; a pause that is forgotten; attempts spent on waiting. */
export const rateLimited = weather({
  name: '429-storm',
  hunts: 'a message that was given up because the provider wanted us to wait',
  faults: [
    {
      provider: 'resend',
      probability: 0.7,
      action: {
        do: 'fixed',
        status: 429,
        headers: { 'content-type': 'application/json', 'retry-after': '2' },
        body: '{"statusCode":429,"message":"Too many requests","name":"rate_limit_exceeded"}',
      },
    },
    {
      provider: 'mobizon',
      probability: 0.5,
      action: {
        do: 'fixed',
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"code":30,"data":null,"message":"Too many requests"}',
      },
    },
  ],
});

/** Hunts: a call without a time limit; a worker, or a whole channel, that waits for ever. */
export const hanging = weather({
  name: 'provider-hangs',
  hunts: 'a channel that stands still because one call is never answered',
  lastsMs: 20_000,
  faults: [
    { probability: 0.2, action: { do: 'hang' } },
    { probability: 0.1, action: { do: 'stall' } },
  ],
});
