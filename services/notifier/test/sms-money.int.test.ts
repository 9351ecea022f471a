import { expect, test } from 'vitest';
import { liftSmsBudget } from '@leadwire/operations/sms/sms-budget';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import type { Lead } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { nodeOptions } from '@leadwire/testing/preload';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const { bus, control, entriesOf, startNotifierProcess, publishLead, settled, ...rig } = useRig();
const PATIENCE_MS = 240_000;

const sentTo = async (leads: Lead[]) => {
  const all = await Promise.all(leads.map((lead) => rig.smsTo(lead)));
  return all.flat().length;
};
const smsOf = async (lead: Lead) =>
  (await entriesOf(lead)).find(({ channel }) => channel === 'sms');

async function alert(what: string): Promise<Alert | undefined> {
  const stored = await bus().lastUnder('ALERTS', subjects.alert('*', what));
  return (stored?.event as { data: Alert } | undefined)?.data;
}

test(
  'the budget is kept by three notifiers that are killed at random; beyond it SMS wait until a person lifts it',
  async () => {
    const env = {
      SMS_BUDGET_PER_HOUR: '5',
      SMS_BUDGET_PER_DAY: '100',
      // What a killed one held, message and claim, is the others' sooner than after a minute.
      NODE_OPTIONS: nodeOptions(['impatient.ts', 'other-ledger.ts']),
      CHAOS_LEASE_MS: '10000',
    };
    const first = await Promise.all([1, 2, 3].map(() => startNotifierProcess(env)));
    const leads = Array.from({ length: 9 }, () => someLead({ email: null }));
    await Promise.all(leads.map(publishLead));
    for (const notifier of first) {
      await waitFor(async () => (await sentTo(leads)) > 0);
      await notifier.kill();
      await startNotifierProcess(env);
    }

    await waitFor(async () => (await sentTo(leads)) === 5, {
      timeoutMs: 90_000,
      what: 'as many SMS as the budget has',
    });
    const told = await waitFor(() => alert('sms_budget'), { timeoutMs: 30_000 });
    expect(told).toMatchObject({ severity: 'critical' });
    expect(told.message).toContain('за час уже 5');
    const states = await Promise.all(leads.map(smsOf));
    expect(states.filter((entry) => entry?.state === 'planned')).toHaveLength(4);

    await liftSmsBudget(bus(), 'cli:test');
    for (const lead of leads) {
      await waitFor(async () => (await smsOf(lead))?.state === 'sent', {
        timeoutMs: 90_000,
        what: 'the SMS that waited',
      });
    }
    expect(await sentTo(leads)).toBe(9);
    expect((await alert('sms_budget'))?.state).toBe('resolved');
  },
  PATIENCE_MS,
);

test(
  'a balance that does not cover the next SMS is a pause: after a top-up what waited goes out by itself',
  async () => {
    await control().mobizon.set({ balance: 10 });
    await startNotifierProcess({
      MOBIZON_BALANCE_CHECK_MS: '2000',
      NODE_OPTIONS: nodeOptions(['soon-mended.ts']),
    });
    const leads = [someLead(), someLead()];
    await Promise.all(leads.map(publishLead));

    const told = await waitFor(() => alert('sms_balance'), { timeoutMs: 30_000 });
    expect(told).toMatchObject({
      severity: 'critical',
      message: expect.stringContaining('Пополните'),
    });
    for (const lead of leads) await rig.told(lead, 'email', 'sent');
    expect(await sentTo(leads)).toBe(0);

    await control().mobizon.set({ balance: 5_000 });
    for (const lead of leads) expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    await waitFor(async () => (await alert('sms_balance'))?.state === 'resolved', {
      timeoutMs: 30_000,
      what: 'the alert to be over',
    });
  },
  PATIENCE_MS,
);
