import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { CODE_VALID_MS, createTelegramCodes } from '@leadwire/shared/delivery/telegram-codes';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { openTestBus } from '@leadwire/testing/bus';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';

let broker: TestBroker;
let bus: Bus;
beforeAll(async () => {
  broker = await startNats();
  bus = await openTestBus(broker, 'codes-test');
});
afterAll(async () => {
  await bus.drain();
  await broker.close();
});

const LEADS = { kind: 'group', bot: 'leads' } as const;
const anything = () => true;

describe('a code', () => {
  test('is good once, however it is typed', async () => {
    const codes = createTelegramCodes(bus);
    const { code } = await codes.make(LEADS);
    expect(code).toMatch(/^[2-9a-z]{4}-[2-9a-z]{4}-[2-9a-z]{4}$/);
    const typed = ` ${code.toUpperCase().replaceAll('-', ' ')} `;
    expect(await codes.use(typed, 'a', anything)).toEqual({ kind: 'taken', purpose: LEADS });
    expect(await codes.use(code, 'b', anything)).toEqual({ kind: 'used' });
  });

  test('goes to one of those who use it at the same instant', async () => {
    const { code } = await createTelegramCodes(bus).make(LEADS);
    const uses = await Promise.all(
      Array.from({ length: 8 }, (_, n) => createTelegramCodes(bus).use(code, `${n}`, anything)),
    );
    const count = (kind: string) => uses.filter((use) => use.kind === kind).length;
    expect([count('taken'), count('used')]).toEqual([1, 7]);
  });

  test('may be taken again by whoever has it: a repeat after a crash', async () => {
    const codes = createTelegramCodes(bus);
    const { code } = await codes.make(LEADS);
    await codes.use(code, 'update 7', anything);
    expect(await codes.use(code, 'update 7', anything)).toEqual({ kind: 'taken', purpose: LEADS });
  });

  test('is not spent where it is not wanted', async () => {
    const codes = createTelegramCodes(bus);
    const purpose = { kind: 'student', studentId: 'st-1' } as const;
    const { code } = await codes.make(purpose);
    expect(await codes.use(code, 'a', ({ kind }) => kind === 'group')).toEqual({
      kind: 'elsewhere',
      purpose,
    });
    expect(await codes.use(code, 'b', anything)).toEqual({ kind: 'taken', purpose });
  });

  test('ends after seven days', async () => {
    const { code } = await createTelegramCodes(bus).make(LEADS);
    const later = createTelegramCodes(bus, () => Date.now() + CODE_VALID_MS + 1);
    expect(await later.use(code, 'a', anything)).toEqual({ kind: 'expired' });
  });

  test('that nobody made is unknown', async () => {
    const codes = createTelegramCodes(bus);
    expect(await codes.use('k7mx-3p9q-w2ht', 'a', anything)).toEqual({ kind: 'unknown' });
  });

  test('is not in the bucket', async () => {
    const { code } = await createTelegramCodes(bus).make(LEADS);
    const kept: string[] = [];
    for await (const { subject, json } of readStream(bus, 'KV_telegram_codes')) {
      kept.push(subject, JSON.stringify(json));
    }
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.join()).not.toContain(code.replaceAll('-', ''));
    expect(kept.join()).not.toContain(code);
  });
});
