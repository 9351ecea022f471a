import { setImmediate as everybodyWaits } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSendBatch, type Ports } from '@leadwire/mailer-batch/handler';
import { createCampaignMeasures } from '@leadwire/mailer-batch/measures';
import type { CampaignChannel, ReadyBatch } from '@leadwire/mailer-batch/sending/channel';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';

const batchOf = (n: number): ReadyBatch => ({
  campaignId: 'a-campaign',
  n,
  channel: 'email',
  campaignName: 'Эфир перенесён',
  template: 'stream-moved',
  frozen: null,
  idempotencyKey: `campaign-a-campaign-${n}`,
  attempts: 0,
  isInherited: false,
  at: '2026-11-20T09:00:00.000Z',
  providerRef: null,
  stage: null,
  ratePerSecond: null,
  recipients: [
    { id: 'r', row: 1, contact: 'a@mail.leadwire-sample.kz', name: null, variables: {} },
  ],
});

/** A sender whose turns come when the test says so, and what it rendered and sent. */
function sender() {
  const seen = { rendered: [] as number[], sent: [] as number[] };
  const turns: (() => void)[] = [];
  const settled = new Set<number>();
  const channel: CampaignChannel = {
    batchSize: 100,
    hasRoom: () => Promise.resolve(true),
    prepare(batch) {
      seen.rendered.push(batch.n);
      return Promise.resolve({ batch, bodyHash: 'hash', body: '' });
    },
    async turn(_batch, claim) {
      await new Promise<void>((resolve) => turns.push(resolve));
      return { claimed: await claim(), isTurn: true };
    },
    send({ batch }) {
      seen.sent.push(batch.n);
      return Promise.resolve([{ id: 'r', status: 'sent' }]);
    },
    reconcile: () => Promise.reject(new Error('no earlier try')),
  };
  const store: Ports['store'] = {
    look: (_id, n) =>
      Promise.resolve(settled.has(n) ? { kind: 'settled' } : { kind: 'ready', batch: batchOf(n) }),
    claim: () => Promise.resolve({ kind: 'claimed', firstClaimAt: '2026-11-20T09:00:00.000Z' }),
    settle(_id, { n }) {
      settled.add(n);
      return Promise.resolve({ open: 1 });
    },
    note: () => Promise.resolve({ kind: 'noted' }),
    defer: () => Promise.resolve({ kind: 'deferred' }),
    pause: () => Promise.resolve({ kind: 'done', status: 'paused' }),
    finishIfDone: () => Promise.resolve(false),
  };
  const send = createSendBatch({
    store,
    channels: { email: channel, sms: channel },
    tellPaused: () => Promise.resolve(),
    leaseMs: 60_000,
    log: createLog('test', 'silent'),
    measures: createCampaignMeasures(createMetrics('test')),
  });
  const nudge = (n: number) => send({ data: { campaignId: 'a-campaign', n } });
  /** Once everybody who can has come to wait for one. */
  const letTurnsCome = async () => {
    await everybodyWaits();
    for (const come of turns.splice(0)) come();
  };
  return { seen, nudge, letTurnsCome };
}

test('a batch that is handed out again while it waits for its turn is not rendered again', async () => {
  const { seen, nudge, letTurnsCome } = sender();
  const handedOut = [1, 2, 1, 1].map(nudge);
  await letTurnsCome();
  await Promise.all(handedOut);
  expect(seen).toEqual({ rendered: [1, 2], sent: [1, 2] });
});

test('a batch that is out of hand is looked at again', async () => {
  const { seen, nudge, letTurnsCome } = sender();
  const first = nudge(1);
  await letTurnsCome();
  await first;
  await nudge(1);
  expect(seen).toEqual({ rendered: [1], sent: [1] });
});
