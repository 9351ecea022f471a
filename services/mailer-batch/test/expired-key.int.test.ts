/**
 * A batch whose sender died a day ago. Real database and sandbox, and their clocks a day on: the sandbox has forgotten
 * the key by then, as Resend does, and would send everything once more.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { createLimiter } from '@leadwire/shared/coordination/rate-limiter';
import { createLog } from '@leadwire/shared/runtime/log';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createResend } from '@leadwire/shared/providers/resend';
import { openTestBus } from '@leadwire/testing/bus';
import { createSendBatch } from '../src/handler.ts';
import { createMailChannel } from '../src/sending/mail-channel.ts';
import { createCampaignMeasures } from '../src/measures.ts';
import { people, useRig } from './rig.ts';

const HOUR_MS = 60 * 60_000;

let bus: Bus;
// Before the rig's own: the broker goes last.
afterAll(() => bus?.drain());
const rig = useRig();

beforeAll(async () => {
  bus = await openTestBus(rig.broker(), 'mailer-batch');
}, 60_000);

/** A mailer that sends what it is told to, on a clock that is so far ahead. */
function mailer(owner: string, aheadMs: number) {
  const metrics = createMetrics(owner);
  const now = () => Date.now() + aheadMs;
  const channel = createMailChannel({
    resend: createResend({
      apiKey: 're_sandbox_key',
      baseUrl: `${rig.sandbox().url}/resend`,
      limiter: createLimiter({ bus, metrics, account: 'resend', ratePerSecond: 20 }),
      track: (_action, _context, call) => call(),
    }),
    from: 'Leadwire <hello@leadwire.kz>',
    publicBaseUrl: 'https://leadwire.kz',
    unsubscribeSecret: 'a-secret-for-tests-of-32-characters',
    now,
  });
  return createSendBatch({
    store: rig.store(),
    channels: { email: channel, sms: channel },
    now,
    tellPaused: () => Promise.resolve(),
    leaseMs: 60_000,
    log: createLog(owner, 'silent'),
    measures: createCampaignMeasures(metrics),
  });
}

/** The claim of whoever died is over. */
const endClaim = (id: string) =>
  rig
    .supabase()
    .landing.sql(`update campaign_batches set lease_until = now() where campaign_id = $1`, [id]);

test.each([
  [22, { sent: 3, unknown: 0 }, null],
  [24.5, { sent: 0, unknown: 3 }, 'idempotency_key_expired'],
])(
  'a batch of which nobody knows the end after %d hours',
  async (hours, counts, reason) => {
    const list = people(3, hours * 100);
    const id = await rig.launch(list);
    await rig.control().addFault({
      provider: 'resend',
      path: '/emails/batch',
      count: 1,
      action: { do: 'effect-then-drop' },
    });
    const data = { campaignId: id, n: 1 };
    await mailer('died', 0)({ data });
    expect((await rig.campaign(id)).counts).toMatchObject({ sending: 3 });
    expect(await rig.reached(id)).toHaveLength(3);

    await rig.control().advance(hours * HOUR_MS);
    await endClaim(id);
    await mailer('the next one', hours * HOUR_MS)({ data });
    const campaign = await rig.campaign(id);
    expect(campaign).toMatchObject({ status: 'finished', counts });
    const reasons = (await rig.recipients(id)).map((row) => row.reason);
    expect(reasons).toEqual([reason, reason, reason]);
    // Nobody has it twice, and what is unknown stays that way until a person decides.
    expect((await rig.reached(id)).sort()).toEqual(list.map(({ contact }) => contact).sort());
  },
  60_000,
);
