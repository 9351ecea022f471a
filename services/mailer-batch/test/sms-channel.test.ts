import { expect, test } from 'vitest';
import type { MobizonCampaigns } from '@leadwire/shared/providers/mobizon/campaigns';
import type { PreparedBatch } from '../src/sending/channel.ts';
import { createSmsChannel } from '../src/sending/sms-channel.ts';

const LAG_MS = 120_000;

const prepared: PreparedBatch = {
  batch: {
    campaignId: 'a-campaign',
    campaignName: 'Эфир',
    channel: 'sms',
    n: 1,
    template: 'stream-moved',
    frozen: {},
    at: '2026-11-20T09:00:00.000Z',
    idempotencyKey: 'campaign-a-campaign-1',
    attempts: 1,
    isInherited: true,
    providerRef: 'a-draft',
    stage: 'sending',
    ratePerSecond: null,
    recipients: [{ id: 'r', row: 1, contact: '+77000000001', name: null, variables: {} }],
  },
  bodyHash: 'hash',
  body: {
    campaign: { text: 'Здравствуйте!', isTemplate: false },
    people: [{ id: 'r', number: '77000000001', placeholders: {} }],
    segments: new Map([['r', 1]]),
    refused: [],
  },
};

test('a listing that was asked for within its lag proves nothing, however late its answer comes', async () => {
  let now = Date.parse('2026-11-20T09:10:00.000Z');
  let answerTakesMs = 0;
  const answer = <Answer>(value: Answer): Promise<Answer> => {
    now += answerTakesMs;
    return Promise.resolve(value);
  };
  const mobizon: Pick<MobizonCampaigns, 'getInfo' | 'listMessages'> = {
    getInfo: () => answer({ state: 'sent', messages: 0 }),
    listMessages: () => answer(new Map<string, string>()),
  };
  const channel = createSmsChannel({
    mobizon: mobizon as MobizonCampaigns,
    from: undefined,
    listingLagMs: LAG_MS,
    refusal: () => undefined,
    budget: { take: () => Promise.resolve() },
    now: () => now,
  });
  const reconcile = () => channel.reconcile(prepared, { note: () => Promise.resolve() });

  // The first time that it is seen as sent.
  expect(await reconcile()).toEqual([]);
  now += LAG_MS - 1_000;
  answerTakesMs = 10_000;
  expect(await reconcile()).toEqual([]);
  expect(await reconcile()).toMatchObject([{ id: 'r', status: 'failed' }]);
});
