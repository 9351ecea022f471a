import { describe, expect, test } from 'vitest';
import type { Delivery } from '@leadwire/shared/contract/events';
import { derivedId } from '@leadwire/shared/contract/ids';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();

describe('the sweeper', () => {
  test('has an overdue message sent whose schedule was lost, once, by two replicas', async () => {
    const first = await rig.startNotifier();
    const lead = someLead();
    await rig.publishLead(lead);
    expect(await rig.settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    await first.stop();

    // Another message for the same person: in the ledger, due five minutes ago, and nowhere else.
    const { leadId } = lead;
    const delivery: Delivery = {
      deliveryId: derivedId('delivery', leadId, 'sms', 'course-purchase'),
      leadId,
      channel: 'sms',
      template: 'course-purchase',
    };
    const ledger = createLedger(rig.bus());
    const shortLink = { code: 'abc2345', url: 'https://leadwire.kz/course' };
    await ledger.plan(delivery, { dueAt: new Date(Date.now() - 5 * 60_000), shortLink });

    const replicas = await Promise.all([rig.startNotifierProcess(), rig.startNotifierProcess()]);
    await waitFor(async () => (await ledger.find(delivery))?.state === 'sent', {
      what: 'the lost message to be sent',
    });
    await rig.nothingIsLeft();
    expect(await rig.smsTo(lead)).toHaveLength(2);
    const lines = replicas.flatMap(({ logs }) => logs);
    expect(lines.map(({ msg }) => msg)).toContain('strays were brought back');
    expect(await Promise.all(replicas.map((replica) => replica.stop()))).toEqual([0, 0]);
  });
});
