import { expect, test } from 'vitest';
import { createClient } from '@supabase/supabase-js';
import { TRIPWIRE_MIGRATIONS } from '../src/migrations.ts';
import { startDatabaseProcess } from '@leadwire/testing/database-process';

const KEY = 'sb_secret_test_0123456789abcdef';
const LEAD = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';

test('lead_tracking takes a lead and its statuses in any order and moves forward only', async () => {
  const tripwire = await startDatabaseProcess({
    serviceKey: KEY,
    migrationsDir: TRIPWIRE_MIGRATIONS,
  });
  try {
    const client = createClient(tripwire.url, KEY);
    const lead = {
      leadId: LEAD,
      kind: 'purchase',
      name: 'Айгерим',
      utm: { source: 'instagram' },
      receivedAt: '2026-01-05T10:00:00.000Z',
    };
    const pending = { leadId: LEAD, smsStatus: 'pending' };
    const sent = { leadId: LEAD, smsStatus: 'sent', smsSentAt: '2026-01-05T10:10:00.000Z' };
    for (const order of [
      [lead, pending, sent],
      [sent, lead, pending],
      [pending, sent, lead],
      [sent, pending, lead],
    ]) {
      for (const batches of [[order], order.map((row) => [row])]) {
        await tripwire.sql('delete from lead_tracking');
        for (const rows of batches) {
          await client.rpc('leadwire_store_lead_tracking', { rows }).throwOnError();
        }
        expect(await tripwire.sql('select * from lead_tracking')).toMatchObject([
          {
            lead_id: LEAD,
            name: 'Айгерим',
            utm_source: 'instagram',
            sms_status: 'sent',
            sms_sent: true,
            sms_sent_at: '2026-01-05T10:10:00+00:00',
            created_at: '2026-01-05T10:00:00+00:00',
          },
        ]);
      }
    }
  } finally {
    await tripwire.close();
  }
}, 60_000);
