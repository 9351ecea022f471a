import { expect, onTestFinished, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { createLog } from '@leadwire/shared/runtime/log';
import { openTestBus } from '@leadwire/testing/bus';
import { freePort, startNats } from '@leadwire/testing/nats';
import { createCampaignStore } from '../src/campaigns/campaign-store.ts';
import { createPauseAlerts } from '../src/campaigns/pause-alerts.ts';

test('a campaign that stopped is told by its id when the database does not answer with its name', async () => {
  const broker = await startNats();
  onTestFinished(() => broker.close());
  const bus = await openTestBus(broker, 'test');
  onTestFinished(() => bus.drain());
  const database = createDatabase({
    project: 'landing',
    url: `http://127.0.0.1:${await freePort()}`,
    serviceKey: 'sb_secret_nobody_0123456789abcdef',
  });
  const log = createLog('test', 'silent');
  const id = newId();
  const alerts = createPauseAlerts({ bus, log, store: createCampaignStore(database) });
  await alerts.paused(id, 'too_many_errors');
  const stored = await bus.lastUnder('ALERTS', `alerts.critical.campaign_paused-${id}`);
  expect(eventSchemas['alert.raised.v1'].parse(stored?.event).data.message).toBe(
    `Рассылка «${id}»: слишком много сообщений не ушло.`,
  );
});
