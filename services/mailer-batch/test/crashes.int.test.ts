import { describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';
import { connect } from 'nats';
import { people, useRig } from './rig.ts';

const rig = useRig();

const batch = { provider: 'resend', path: '/emails/batch' };

/** Two batches of them, a full one and one that is not. */
const PEOPLE = 12;
const BATCH_SIZE = 8;

/** Starts a campaign to as many people, whose addresses begin at `from`. */
const launch = (from = 0) => rig.launch(people(PEOPLE, from), { batchSize: BATCH_SIZE });

/** Everybody of a campaign must have exactly one mail in the end. */
async function expectOnceEach(id: string, count = PEOPLE): Promise<void> {
  const { counts } = await rig.until(id, 'finished');
  expect(counts).toMatchObject({ audience: count, sent: count, failed: 0, unknown: 0 });
  const reached = await rig.reached(id);
  expect(reached).toHaveLength(count);
  expect(new Set(reached).size).toBe(count);
}

describe('a mailer that is killed', () => {
  test.each([
    ['after the claim, before anything is sent', { do: 'hang' } as const],
    [
      'after the provider has taken the batch',
      { do: 'effect-then-late', delayMs: 60_000 } as const,
    ],
  ])(
    '%s: another one ends its work',
    async (_when, action) => {
      const id = await launch();
      await rig.control().addFault({ ...batch, count: 1, action });
      const mailer = await rig.startMailerProcess();
      await waitFor(async () => (await rig.control().faults())[0]?.struck === 1, {
        timeoutMs: 20_000,
        what: 'the call that hangs',
      });
      rig.forget(mailer);
      await mailer.kill();
      await rig.startMailer();
      await expectOnceEach(id);
    },
    60_000,
  );

  test('after it has settled, before it has acknowledged: the message comes again and changes nothing', async () => {
    const id = await launch(200);
    const mailer = await rig.startMailer();
    await expectOnceEach(id);
    const calls = await rig.calls(id);
    // What the broker would hand out again.
    const nc = await connect({ servers: rig.broker().url });
    const event = {
      specversion: '1.0',
      id: newId(),
      type: 'campaign.batch_ready.v1',
      source: 'test',
      time: new Date().toISOString(),
      subject: id,
      data: { campaignId: id, n: 1 },
    };
    const subject = `campaigns.batch.${id}.1`;
    const { seq } = await nc.jetstream().publish(subject, JSON.stringify(event));
    const manager = await nc.jetstreamManager();
    const isStored = () =>
      manager.streams.getMessage('CAMPAIGNS', { seq }).then(Boolean, () => false);
    await waitFor(async () => !(await isStored()), {
      timeoutMs: 20_000,
      what: 'the message to be settled',
    });
    await nc.drain();
    expect(await rig.calls(id)).toHaveLength(calls.length);
    expect(mailer.logs.some(({ level }) => level === 'error')).toBe(false);
  }, 60_000);
});

describe('an answer that does not arrive', () => {
  test.each([
    ['the connection drops', { do: 'effect-then-drop' } as const],
    ['a server error comes instead', { do: 'effect-then-5xx' } as const],
    ['a page of a proxy comes instead', { do: 'effect-then-garbage' } as const],
    ['there is a limit that we did not know', { do: 'refuse', status: 429 } as const],
  ])(
    '%s: the same call is made again, and nobody gets a second mail',
    async (_what, action) => {
      const id = await launch(400);
      await rig.control().addFault({ ...batch, count: 1, action });
      await rig.startMailer();
      await expectOnceEach(id);
      const keys = (await rig.calls(id)).map(({ idempotencyKey }) => idempotencyKey);
      expect(keys.length).toBeGreaterThan(2);
      expect(new Set(keys).size).toBe(2);
    },
    60_000,
  );
});

describe('a batch that may have been sent', () => {
  /** As a sender leaves it that died after its call. */
  const leaveBehind = async (hash: string, firstClaimAt: Date): Promise<string> => {
    const id = await rig.launch(people(3, 700));
    await rig.supabase().landing.sql(
      `with b as (update campaign_batches set state = 'sending', body_hash = $2, first_claim_at = $3, attempts = 1
        where campaign_id = $1) update campaign_recipients set status = 'sending' where campaign_id = $1`,
      [id, hash, firstClaimAt.toISOString()],
    );
    return id;
  };

  test('and would have other bytes now is unknown, not sent again', async () => {
    const id = await leaveBehind('another hash', new Date());
    await rig.startMailer();
    const { counts } = await rig.until(id, 'finished');
    expect(counts).toMatchObject({ unknown: 3, sent: 0 });
    expect((await rig.recipients(id)).map(({ reason }) => reason)).toEqual(
      Array.from({ length: 3 }, () => 'other_body'),
    );
    expect(await rig.calls(id)).toEqual([]);
  }, 60_000);
});

describe('while the database is away', () => {
  test('nothing is sent and nothing is forgotten', async () => {
    const id = await rig.launch(people(60, 800), { batchSize: 4 });
    const target = Number(new URL(rig.supabase().landing.url).port);
    let proxy = await startTcpProxy(target);
    const { port } = proxy;
    await rig.startMailer({ LANDING_SUPABASE_URL: `http://127.0.0.1:${port}` });
    await waitFor(async () => (await rig.campaign(id)).counts.sent > 0, {
      timeoutMs: 20_000,
      what: 'the first batch',
    });
    await proxy.close();
    await waitFor(
      async () => {
        const before = (await rig.calls(id)).length;
        await new Promise((resolve) => setTimeout(resolve, 300));
        return (await rig.calls(id)).length === before;
      },
      { timeoutMs: 20_000, what: 'the calls to end' },
    );
    proxy = await startTcpProxy(target, port);
    try {
      await expectOnceEach(id, 60);
    } finally {
      await proxy.close();
    }
  }, 90_000);
});
