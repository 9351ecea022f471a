import { describe, expect, test } from 'vitest';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const { broker, bus, control, entriesOf, mailsTo, smsTo, ...rig } = useRig();
const { startNotifier, publishLead, settled, told } = rig;

describe('a planned message survives', () => {
  test('a notifier killed between schedule and due', async () => {
    const first = await rig.startNotifierProcess({ NOTIFY_DELAY_MS: '1500' });
    const lead = someLead();
    await publishLead(lead);
    await waitFor(async () => (await entriesOf(lead)).length === 2);
    await told(lead, 'sms', 'planned');
    await first.kill();
    expect(await mailsTo(lead)).toHaveLength(0);
    await startNotifier();

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('a broker killed between schedule and due', async () => {
    await startNotifier({ NOTIFY_DELAY_MS: '1500' });
    const lead = someLead();
    await publishLead(lead);
    await waitFor(async () => (await entriesOf(lead)).length === 2);
    await told(lead, 'sms', 'planned');
    await broker().kill();
    await broker().start();
    await waitFor(() => bus().isConnected());

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('but is skipped when it has become too old to be wanted', async () => {
    await startNotifier({ NOTIFY_MAX_AGE_MS: '60000' });
    const lead = someLead({ receivedAt: new Date(Date.now() - 3_600_000).toISOString() });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'skipped: stale', sms: 'skipped: stale' });
    expect(await mailsTo(lead)).toHaveLength(0);
  });
});

describe('a provider that refuses', () => {
  test('one mail for good: it is failed with the reason, dead-lettered, and the SMS goes ahead', async () => {
    await startNotifier();
    // The provider refuses placeholder domains with 422.
    const lead = someLead({ email: 'aigerim@example.com' });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'failed: validation_error', sms: 'sent' });
    const dead = await waitFor(() => bus().lastUnder('DEAD_LETTERS', 'dead.notifier-email.>'));
    expect(dead.header('App-Error')).toContain('422');
  });

  test('for now (429): it is sent later, once', async () => {
    await control().addFault({
      provider: 'resend',
      path: '/emails',
      count: 2,
      action: {
        do: 'fixed',
        status: 429,
        headers: { 'retry-after': '1', 'content-type': 'application/json' },
        body: '{"statusCode":429,"message":"Too many requests","name":"rate_limit_exceeded"}',
      },
    });
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect(await mailsTo(lead)).toHaveLength(1);
  });
});

test('a bad environment variable stops the notifier with its name and what was expected', async () => {
  const start = rig.startNotifierProcess({ NOTIFY_DELAY_MS: 'ten minutes', RESEND_API_KEY: '' });
  await expect(start).rejects.toThrow(/NOTIFY_DELAY_MS: expected a whole number of milliseconds/);
});
