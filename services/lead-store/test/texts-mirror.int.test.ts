/** Words for messages on their way from the table to the broker. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { openTestBus } from '@leadwire/testing/bus';
import { keepServices } from '@leadwire/testing/kept-services';
import { startNats } from '@leadwire/testing/nats';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { app } from '../src/app.ts';

let broker: TestBroker;
let landing: TestLanding;
let bus: Bus;
const services = keepServices();
/** The second project is away: nothing of this is in it. */
const env = () => ({
  NATS_URL: broker.url,
  ...landing.env,
  TRIPWIRE_SUPABASE_URL: 'http://127.0.0.1:9',
  TRIPWIRE_SERVICE_ROLE_KEY: 'sb_secret_of_a_project_that_is_away',
});

beforeAll(async () => {
  [broker, landing] = await Promise.all([startNats(), startLanding()]);
  bus = await openTestBus(broker, 'test');
}, 180_000);
afterAll(async () => {
  await services.stop();
  await bus?.drain();
  await Promise.all([broker?.close(), landing?.close()]);
});

test('words for messages are at the broker while they hold, whoever saved them', async () => {
  const words = async () => {
    const held = await (await bus.bucket('message_texts')).get('welcome');
    return held?.operation === 'PUT' ? held.json<{ version: number }>() : undefined;
  };
  const texts = (what: string, p: object) =>
    landing.landing.sql('select leadwire_texts($1, $2)', [what, JSON.stringify(p)]);
  await (await bus.bucket('message_texts')).put('password-changed', '{}');
  const content = { mail: null, sms: 'Готово' };
  const text = { name: 'welcome', title: 'Доступ', purpose: 'transactional', author: 'owner' };
  await texts('save', { ...text, content, base: 0 });
  await texts('save', { ...text, name: 'open-day', purpose: 'campaign', content, base: 0 });
  await services.startHere(app, env());
  const first = await waitFor(words, { what: 'the words at the broker' });
  expect(first).toEqual({ version: 1, content });
  const bucket = await bus.bucket('message_texts');
  const gone = await waitFor(
    async () => ((await bucket.get('password-changed'))?.operation === 'PUT' ? undefined : true),
    { what: 'words that nobody has to go' },
  );
  expect(gone).toBe(true);
  await texts('archive', { name: 'welcome', archived: true, author: 'owner' });
  await waitFor(async () => (await words()) === undefined, { what: 'the words to go' });
  expect((await bucket.get('open-day'))?.operation).toBeUndefined();
});
