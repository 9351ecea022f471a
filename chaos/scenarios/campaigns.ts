import { setTimeout as delay } from 'node:timers/promises';
import type { FaultAction } from '@leadwire/sandbox/world/faults';
import { makeEvent } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { onCampaigns, type Blow, type CampaignScene, type Step } from '../campaigns/run.ts';
import { isOf } from '../campaigns/evidence.ts';
import { worthRetrying } from '../campaigns/quiescence.ts';

/** A fault waits so long for a call that it can spoil. */
const FAULT_WAIT_MS = 8_000;
const POLL_MS = 200;
/** The limit that a campaign is lowered to, when it holds, and for how long. */
const SLOW = { limitPerSecond: 2, afterMs: 2_000, lastsMs: 5_000 };

const MAIL = '/emails/batch';
const SEND_SMS = '/service/campaign/send';
const SMS = ['/service/campaign/create', '/service/campaign/addRecipients', SEND_SMS];

const json = (status: number, body: object, headers: Record<string, string> = {}): FaultAction => ({
  do: 'fixed',
  status,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

/** The provider spoils the next call or two. */
function fault(
  name: string,
  provider: 'resend' | 'mobizon',
  path: string,
  action: FaultAction,
  at?: 'after-effect',
): Blow {
  return {
    name,
    async strike({ world: { sandbox }, random }) {
      const count = random.int(1, 2);
      await sandbox.addFault({ id: name, provider, path, count, action, ...(at && { at }) });
      const struck = async () =>
        (await sandbox.faults()).find(({ id }) => id === name)?.struck ?? 0;
      const deadline = Date.now() + FAULT_WAIT_MS;
      while ((await struck()) < count && Date.now() < deadline) await delay(POLL_MS);
      const times = await struck();
      await sandbox.removeFault(name);
      return times > 0;
    },
  };
}

const REFUSAL = 'mail refused';
const lostMail = fault('mail taken, no answer', 'resend', MAIL, { do: 'effect-then-drop' });
const lostSms = fault('SMS sent, no answer', 'mobizon', SEND_SMS, { do: 'effect-then-drop' });
const mailFaults: Blow[] = [
  lostMail,
  fault('mail taken, 500', 'resend', MAIL, { do: 'effect-then-5xx' }),
  fault('mail taken, half an answer', 'resend', MAIL, {
    do: 'effect-then-garbage',
    as: 'cut-json',
  }),
  // Longer than a lease: another process has the batch when it comes.
  fault('mail taken, late answer', 'resend', MAIL, { do: 'effect-then-late', delayMs: 8_000 }),
  // Their side crashes between the effect and its own record: 409 for a while.
  fault('mail taken, crash', 'resend', MAIL, { do: 'effect-then-drop' }, 'after-effect'),
  fault('mail slow', 'resend', MAIL, { do: 'slow', delayMs: 3_000 }),
  fault('mail not taken, 503', 'resend', MAIL, { do: 'refuse', status: 503 }),
  fault('mail not taken, cut', 'resend', MAIL, { do: 'refuse' }),
  fault(
    ...(['mail 429', 'resend', MAIL] as const),
    json(429, { statusCode: 429, name: 'rate_limit_exceeded' }, { 'retry-after': '1' }),
  ),
  fault(REFUSAL, 'resend', MAIL, json(422, { statusCode: 422, name: 'validation_error' })),
];
const smsFaults: Blow[] = [
  lostSms,
  ...SMS.flatMap((path) => {
    const named = (what: string, action: FaultAction) =>
      fault(`SMS ${path.split('/').at(-1)} ${what}`, 'mobizon', path, action);
    return [
      named('done, no answer', { do: 'effect-then-drop' }),
      named('done, 502', { do: 'effect-then-5xx', status: 502 }),
      named('done, a page', { do: 'effect-then-garbage', as: 'html' }),
      named('not done, 503', { do: 'refuse', status: 503 }),
      named('slow', { do: 'slow', delayMs: 3_000 }),
    ];
  }),
  fault('SMS sent, late answer', 'mobizon', SEND_SMS, {
    do: 'effect-then-late',
    delayMs: 8_000,
  }),
  fault('SMS state not told', 'mobizon', '/service/campaign/getInfo', {
    do: 'refuse',
    status: 503,
  }),
  fault('SMS code 30', 'mobizon', '/service/campaign/*', json(200, { code: 30, data: '' })),
  fault('SMS refused', 'mobizon', '/service/campaign/create', json(200, { code: 12, data: '' })),
];

const kill: Blow = {
  name: 'mailer killed',
  async strike({ world, random }) {
    const ready = world.mailers.filter((mailer) => mailer.isReady());
    if (ready.length === 0) return false;
    await random.pick(ready).crash();
    return true;
  },
};

const bothKilled: Blow = {
  name: 'both mailers killed',
  async strike({ world, random }) {
    await Promise.all(world.mailers.map((mailer) => mailer.halt()));
    await delay(random.int(0, 1_000));
    for (const mailer of world.mailers) mailer.start();
    return true;
  },
};

const brokerKilled: Blow = {
  name: 'broker killed',
  async strike({ world, random }) {
    await world.brokerDown();
    await delay(random.int(0, 1_500));
    await world.brokerUp();
    return true;
  },
};

const databaseAway: Blow = {
  name: 'database away',
  async strike({ world: { gate }, random }) {
    const before = gate.refused;
    await gate.shut();
    await delay(random.int(500, 3_000));
    await gate.open();
    return gate.refused > before;
  },
};

const paused: Blow = {
  name: 'paused',
  async strike(scene) {
    const id = pickRunning(scene);
    if (id === undefined) return false;
    const { kind } = await scene.world.store.pause(id, 'by_hand');
    if (kind !== 'done') return false;
    await delay(scene.random.int(500, 3_000));
    const open = scene.witness.latest.get(id)?.counts['pending'] ?? 0;
    await scene.world.store.resume(id);
    return open > 0;
  },
};

const slowed: Blow = {
  name: 'limit lowered and raised',
  async strike(scene) {
    const { store, sandbox } = scene.world;
    const id = pickRunning(scene, 'email');
    if (id === undefined) return false;
    const { limitPerSecond, afterMs, lastsMs } = SLOW;
    await store.patch(id, { ratePerSecond: limitPerSecond });
    // What has its turn already goes out.
    await delay(afterMs);
    const from = Date.now();
    await delay(lastsMs);
    const to = Date.now();
    await store.patch(id, { ratePerSecond: null });
    scene.slow.push({ campaignId: id, limitPerSecond, from, to });
    const calls = await sandbox.requests('resend');
    const isOfIt = ({ idempotencyKey, at }: (typeof calls)[number]) =>
      isOf(id, idempotencyKey) && at >= from && at < to;
    return calls.some(isOfIt);
  },
};

const suppressed: Blow = {
  name: 'suppressed on the way',
  async strike({ world, random, witness }) {
    const pending = await world.supabase.landing.sql<{
      id: string;
      channel: string;
      contact: string;
    }>(
      `select r.id, c.channel, r.contact from public.campaign_recipients r
        join public.campaigns c on c.id = r.campaign_id and c.status in ('running', 'paused')
        where r.status = 'pending' order by r.batch desc limit 40`,
    );
    if (pending.length === 0) return false;
    const { id, channel, contact } = random.pick(pending);
    // A link names the recipient; a provider names the address.
    const who = random.chance(0.5)
      ? { recipientId: id }
      : { channel: channel === 'sms' ? ('sms' as const) : ('email' as const), contact };
    const at = new Date().toISOString();
    const data = { reason: 'unsubscribed', source: 'link', at, ...who } as const;
    const event = makeEvent('contact.suppressed.v1', { source: 'chaos', subject: id, data });
    const deadline = Date.now() + FAULT_WAIT_MS;
    for (;;) {
      const isTold = await world.bus.publish(subjects.contactSuppressed(event.id), event).then(
        () => true,
        () => false,
      );
      if (isTold) break;
      // The broker is away at this moment.
      if (Date.now() > deadline) return false;
      await delay(POLL_MS);
    }
    while (!witness.heldBack.has(id) && Date.now() < deadline) await delay(POLL_MS);
    return witness.heldBack.has(id);
  },
};

const retried: Blow = {
  name: 'failed ones retried',
  async strike({ world, load }) {
    const [campaign] = await worthRetrying(world, load);
    if (!campaign) return false;
    const { id, batchSize } = campaign;
    const { kind } = await world.store.retry(id, { batchSize, unknownToo: false });
    return kind === 'retried';
  },
};

function pickRunning(
  { load, witness, random }: CampaignScene,
  channel?: 'email',
): string | undefined {
  const running = load.launched.filter(({ id, ...one }) => {
    const sample = witness.latest.get(id);
    const isMeant = channel === undefined || one.channel === channel;
    return isMeant && sample?.status === 'running' && (sample.counts['pending'] ?? 0) > 0;
  });
  return running.length === 0 ? undefined : random.pick(running).id;
}

/** Before and after everything that a sender does; what comes between two of them is lost with it. */
const steps: Step[] = [
  ...[
    'rpc/leadwire_campaign_claim',
    MAIL,
    ...SMS,
    'rpc/leadwire_campaign_note',
    'rpc/leadwire_campaign_settle',
    'rpc/leadwire_campaign_defer',
  ].flatMap((call): Step[] => [
    { call, side: 'before' },
    { call, side: 'after' },
  ]),
  // Batches are marked as handed out, and are not.
  { call: 'rpc/leadwire_campaign_tick', side: 'after' },
];

const common = {
  hunts:
    'somebody who gets a campaign twice or not at all, or after having left; states that do not add up; a call too many',
  // After a try of which nobody knows the end, a refusal of the repeat says nothing about it.
  undecidable: { validation_error: REFUSAL },
};
/** For the short ones, which run beside other tests: fast, and not about the spacing of calls on a busy machine. */
const brief = { isBrief: true, rates: { allowed: 50, told: 20 } };

/**
 * Hunts: any two steps in the wrong order between a claim and its record. Mail and SMS go out while both senders die,
 * from outside and at every step, the broker and the database go away, and the providers lie.
 */
export const campaigns = onCampaigns({
  ...common,
  name: 'campaigns',
  steps,
  // One less than allowed: a machine that is busy with starting processes does not keep the distance of two calls.
  rates: { allowed: 5, told: 4 },
  blows: [
    ...[kill, bothKilled, brokerKilled, databaseAway, paused, slowed, suppressed, retried],
    ...mailFaults,
    ...smsFaults,
  ],
});

/** Hunts: the grossest mistakes of a sender, in half a minute. */
export const shortCampaigns = onCampaigns({
  ...common,
  ...brief,
  name: 'campaigns-short',
  blows: [databaseAway, paused, suppressed, lostMail, lostSms],
  steps: [
    { call: 'rpc/leadwire_campaign_claim', side: 'after' },
    { call: MAIL, side: 'after' },
    { call: SEND_SMS, side: 'after' },
    { call: 'rpc/leadwire_campaign_settle', side: 'after' },
  ],
});

/** One lost answer, and nothing else: what a run with the preload new-keys.ts needs. */
export const oneLostAnswer = onCampaigns({
  ...common,
  ...brief,
  name: 'one-lost-answer',
  blows: [lostMail],
  steps: [],
});
