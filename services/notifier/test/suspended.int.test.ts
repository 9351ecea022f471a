import { expect, test } from 'vitest';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import { SnoozeError } from '@leadwire/shared/errors';
import { makeEvent } from '@leadwire/shared/contract/events';
import { createLedger, deliveryOf } from '@leadwire/shared/delivery/ledger';
import { createMetrics } from '@leadwire/shared/runtime/metrics';
import { createShortLinks } from '@leadwire/shared/delivery/short-links';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import type { Channel, Sender } from '../src/channel.ts';
import { createNotifier } from '../src/handler.ts';
import { createPublisher } from '../src/publisher.ts';
import { useRig } from './rig.ts';

const { bus, entriesOf } = useRig();

/** A channel that notes what it sends; the real ones need a provider and this is about the claim. */
function notingChannel(sent: string[], isTurn: () => boolean = () => true): Channel {
  const sender: Sender = {
    name: 'noting',
    turn: async (claim) => ({ claimed: await claim(), isTurn: isTurn() }),
    send: ({ deliveryId }) => Promise.resolve(`sent ${sent.push(deliveryId)}`),
    reconcile: () => Promise.resolve({ kind: 'not_sent' }),
  };
  return {
    unreachable: () => undefined,
    compose: () => ({}),
    sender: () => Promise.resolve(sender),
  };
}

/** A notifier in front of `channel`, and a message of a lead that is due in it. */
async function messageDue(channel: Channel, clock: () => number = Date.now) {
  const notifier = createNotifier({
    ledger: createLedger(bus()),
    shortLinks: createShortLinks(bus()),
    secretLinks: createSecretLinks(bus()),
    publisher: createPublisher(bus(), createMetrics('test')),
    channels: { email: channel, sms: channel },
    gate: { check: () => Promise.resolve(undefined), giveBack: () => Promise.resolve() },
    owner: 'test',
    delayMs: 0,
    maxAgeMs: 3_600_000,
    linkFor: () => 'https://leadwire.kz/result',
    now: clock,
  });
  const lead = someLead();
  await notifier.planLead(leadCreated(lead));
  const [entry] = await entriesOf(lead);
  const { dueAt, shortLink } = entry!;
  const delivery = deliveryOf({
    leadId: lead.leadId,
    channel: 'email' as const,
    template: 'proftest-result',
  });
  const data = { ...delivery, dueAt, lead, shortLink: shortLink! };
  const due = makeEvent('notification.due.v1', { source: 'test', subject: lead.leadId, data });
  return { notifier, due, lead };
}

test('a sender that was suspended after its claim does not send under it', async () => {
  const sent: string[] = [];
  let clock = () => Date.now();
  const { notifier, due } = await messageDue(notingChannel(sent), () => clock());
  clock = () => Date.now() + 50_000;
  await expect(notifier.sendDue(due)).rejects.toBeInstanceOf(SnoozeError);
  expect(sent).toEqual([]);
});

test('a sender whose turn goes by gives the claim back, and the message is sent at another turn', async () => {
  const sent: string[] = [];
  let isTurn = false;
  const { notifier, due, lead } = await messageDue(notingChannel(sent, () => isTurn));
  await expect(notifier.sendDue(due)).rejects.toBeInstanceOf(SnoozeError);
  expect(sent).toEqual([]);
  const [entry] = (await entriesOf(lead)).filter(({ channel: kind }) => kind === 'email');
  expect(entry).toMatchObject({ state: 'planned' });
  isTurn = true;
  await notifier.sendDue(due);
  expect(sent).toEqual([due.data.deliveryId]);
});
