import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Delivery } from '@leadwire/shared/contract/events';
import { derivedCode, newId } from '@leadwire/shared/contract/ids';
import { createShortLinks, type ShortLinks } from '@leadwire/shared/delivery/short-links';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

let broker: TestBroker;
let bus: Bus;
let links: ShortLinks;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'short-links-test');
  links = createShortLinks(bus);
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const url = 'https://leadwire.kz/result';
const delivery = (): Delivery => ({
  deliveryId: newId(),
  leadId: newId(),
  channel: 'sms',
  template: 'proftest-result',
});

describe('short links', () => {
  test('a delivery has one link, whoever asks, however often', async () => {
    const target = delivery();
    const made = await Promise.all(Array.from({ length: 20 }, () => links.ensure(target, url)));
    const codes = new Set(made.map(({ code }) => code));
    expect(codes).toEqual(new Set([derivedCode(target.deliveryId, 7)]));
    expect(await links.find(made[0]!.code)).toEqual({ ...target, code: made[0]!.code, url });
  });

  test('keep leading where they were made to lead', async () => {
    const target = delivery();
    const { code } = await links.ensure(target, url);
    expect(await links.ensure(target, 'https://elsewhere.kz')).toMatchObject({ code, url });
  });

  test('two deliveries that share a code get one each', async () => {
    const target = delivery();
    const taken = derivedCode(target.deliveryId, 7);
    const other = { ...delivery(), code: taken, url };
    await (await bus.bucket('short_links')).create(taken, JSON.stringify(other));
    const link = await links.ensure(target, url);
    expect(link.code).toBe(derivedCode(target.deliveryId, 8));
    expect(await links.ensure(target, url)).toEqual(link);
    expect(await links.find(taken)).toEqual(other);
  });

  test.each(['', '../x', 'a.b', '*', '>', 'ж', 'a'.repeat(33), 'unknown'])(
    'the code %j leads nowhere',
    async (code) => {
      expect(await links.find(code)).toBeUndefined();
    },
  );

  test('without the broker are a TransientError', async () => {
    await broker.kill();
    await waitFor(() => !bus.isConnected());
    const gone = { name: 'TransientError', outage: true };
    await expect(links.find('abc2345')).rejects.toMatchObject(gone);
    await expect(links.ensure(delivery(), url)).rejects.toMatchObject(gone);
    await broker.start();
    await waitFor(() => bus.isConnected());
  });
});
