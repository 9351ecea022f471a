import { afterAll, afterEach, beforeAll, describe, expect, vi, test } from 'vitest';
import { CRASHES_PER_ATTEMPT, recordEnd } from '@leadwire/shared/consumer/attempts';
import {
  ChannelStoppedError,
  SnoozeError,
  PermanentError,
  TransientError,
} from '@leadwire/shared/errors';
import { consumers } from '@leadwire/shared/contract/consumers';
import { subjects } from '@leadwire/shared/contract/topology';
import { waitFor } from '@leadwire/testing/wait-for';
import { openConsumerFixture, type ConsumerFixture } from './consumer-fixture.ts';

let fixture: ConsumerFixture;
beforeAll(async () => {
  fixture = await openConsumerFixture();
});
afterEach(() => fixture.reset());
afterAll(() => fixture.close());

const nack = (message: { nak(): void }) => message.nak();
const times = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);

type Durable = 'lead-store-deliveries' | 'notifier-sms';

/** Spends deliveries of the one waiting message, as failed attempts before now. */
async function spend(durable: Durable, deliveries: number) {
  for (let n = 0; n < deliveries; n += 1) {
    await fixture.takeByHand(durable, async (message) => {
      await recordEnd(fixture.bus, durable, message, 'failures');
      message.nak();
    });
  }
}

/** Spends deliveries of which nobody says how they ended. */
async function crash(durable: Durable, deliveries: number) {
  for (let n = 0; n < deliveries; n += 1) await fixture.takeByHand(durable, nack);
}

describe('failures that spend no attempts', () => {
  test('waiting for something is never an attempt, not even beyond the budget', async () => {
    const attempts: number[] = [];
    const turns = consumers['notifier-sms'].attempts + 3;
    fixture.start('notifier-sms', (_event, { attempt }) => {
      attempts.push(attempt);
      return attempts.length < turns
        ? Promise.reject(new SnoozeError('busy', 5))
        : Promise.resolve();
    });
    await fixture.publishFor('notifier-sms');
    await waitFor(() => attempts.length === turns);
    await fixture.untilSettled('notifier-sms');
    expect(new Set(attempts)).toEqual(new Set([1]));
    expect(await fixture.deadLetter()).toBeUndefined();
  });

  test('a process that dies many times spends no attempt of the messages that it held', async () => {
    await fixture.publishFor('notifier-sms');
    await crash('notifier-sms', consumers['notifier-sms'].attempts * 3);
    const attempts: number[] = [];
    fixture.start('notifier-sms', (_event, { attempt }) => {
      attempts.push(attempt);
      return attempt === 1 ? Promise.reject(new Error('a hiccup')) : Promise.resolve();
    });
    await waitFor(() => attempts.length === 2);
    await fixture.untilSettled('notifier-sms');
    expect(attempts).toEqual([1, 2]);
    expect(await fixture.deadLetter()).toBeUndefined();
  });

  test('the last attempt is not lost to waiting', async () => {
    await fixture.publishFor('notifier-sms');
    await spend('notifier-sms', consumers['notifier-sms'].attempts - 1);
    const attempts: number[] = [];
    fixture.start('notifier-sms', (_event, { attempt }) => {
      attempts.push(attempt);
      return attempts.length < 4 ? Promise.reject(new SnoozeError('busy', 5)) : Promise.resolve();
    });
    await waitFor(() => attempts.length === 4);
    await fixture.untilSettled('notifier-sms');
    expect(attempts).toEqual([12, 12, 12, 12]);
    expect(await fixture.deadLetter()).toBeUndefined();
  });

  test('a provider that is down is probed by one message at a time, and nothing is lost', async () => {
    let isDown = true;
    let now = 0;
    let probes = 0;
    let mostProbes = 0;
    const done: string[] = [];
    const attempts: number[] = [];
    const ids = await Promise.all(times(12, () => fixture.publishFor('notifier-sms')));
    fixture.start('notifier-sms', async (event, { attempt }) => {
      attempts.push(attempt);
      now += 1;
      if (attempts.length > 4) {
        probes += 1;
        mostProbes = Math.max(mostProbes, now);
      }
      await fixture.bus.manager();
      now -= 1;
      if (isDown) throw new TransientError('503', { outage: true });
      done.push(event.subject);
    });
    await waitFor(() => probes === 2, { what: 'two probes' });
    // Four at once met the outage, then one probe each time.
    expect({ handled: attempts.length, mostProbes }).toEqual({ handled: 6, mostProbes: 1 });
    isDown = false;
    await waitFor(() => done.length === 12, { timeoutMs: 15_000 });
    await fixture.untilSettled('notifier-sms');
    expect(done.sort()).toEqual(ids.sort());
    expect(Math.max(...attempts)).toBeLessThanOrEqual(2);
  });

  test('a stopped channel says so, alerts once, and goes on without loss when it is mended', async () => {
    let isMended = false;
    let refused = 0;
    const done: string[] = [];
    const attempts = new Set<number>();
    const ids = await Promise.all(times(8, () => fixture.publishFor('notifier-email')));
    const consumer = fixture.start('notifier-email', (event, { attempt }) => {
      attempts.add(attempt);
      if (isMended) {
        done.push(event.subject);
        return Promise.resolve();
      }
      refused += 1;
      return Promise.reject(new ChannelStoppedError('401 bad key', { retryAfterMs: 150 }));
    });
    await waitFor(() => refused >= 12);
    expect(consumer.problem()).toMatch(/notifier-email is stopped until a person acts/);
    isMended = true;
    await waitFor(() => done.length === 8);
    await fixture.untilSettled('notifier-email');
    expect(done.sort()).toEqual(ids.sort());
    expect(attempts).toEqual(new Set([1]));
    expect(consumer.problem()).toBeUndefined();
    const subject = subjects.alert('critical', 'notifier-email_stopped');
    const over = await waitFor(async () => {
      const alert = await fixture.bus.lastUnder('ALERTS', subject);
      return JSON.stringify(alert?.event).includes('"resolved"') ? alert : undefined;
    });
    const { messages } = (await (await fixture.bus.manager()).streams.info('ALERTS')).state;
    expect(messages).toBe(2);
    const alert = await fixture.bus.atSequence('ALERTS', over.seq - 1);
    expect(alert?.event).toMatchObject({ data: { message: '401 bad key', severity: 'critical' } });
  });
});

describe('failures that spend attempts', () => {
  test('a failed message comes back, later, as the next attempt', async () => {
    const at: number[] = [];
    const attempts: number[] = [];
    fixture.start('notifier-sms', (_event, { attempt }) => {
      at.push(Date.now());
      attempts.push(attempt);
      return attempt < 2 ? Promise.reject(new Error('a bug of ours')) : Promise.resolve();
    });
    await fixture.publishFor('notifier-sms');
    await waitFor(() => attempts.length === 2);
    expect(attempts).toEqual([1, 2]);
    expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(790);
    await fixture.untilSettled('notifier-sms');
  });

  test('after the last attempt the message is in DEAD_LETTERS with its cause, and nowhere else', async () => {
    const id = await fixture.publishFor('notifier-sms');
    await spend('notifier-sms', consumers['notifier-sms'].attempts - 1);
    fixture.start('notifier-sms', () =>
      Promise.reject(new TransientError('Сервер занят:\r\nпопробуйте позже')),
    );
    const dead = await waitFor(() => fixture.deadLetter());
    await fixture.untilSettled('notifier-sms');
    expect(dead.subject).toBe(`dead.notifier-sms.notify.due.sms.${id}`);
    expect(dead.event).toMatchObject({ type: 'lead.created.v1', subject: id });
    expect(dead.header('App-Error')).toBe('Сервер занят: попробуйте позже');
    expect(dead.header('App-Error-Code')).toBe('TransientError');
    expect(dead.header('App-Attempts')).toBe('12');
    expect(dead.header('App-Durable')).toBe('notifier-sms');
    expect(dead.header('App-Stream')).toBe('NOTIFICATIONS');
    expect(Number(dead.header('App-Stream-Seq'))).toBeGreaterThan(0);
    expect(await fixture.bus.lastUnder('NOTIFICATIONS', '>')).toBeUndefined();
  });

  test('a message whose worker died again and again is not handled any more', async () => {
    await fixture.publishFor('notifier-sms');
    await crash('notifier-sms', consumers['notifier-sms'].attempts * CRASHES_PER_ATTEMPT);
    let handled = 0;
    fixture.start('notifier-sms', () => {
      handled += 1;
      return Promise.resolve();
    });
    const dead = await waitFor(() => fixture.deadLetter());
    expect(dead.header('App-Error-Code')).toBe('budget_spent');
    expect(handled).toBe(0);
  });

  test('a long wait leaves the worker as a schedule that remembers the attempts', async () => {
    const id = await fixture.publishFor('notifier-sms');
    await spend('notifier-sms', 2);
    fixture.start('notifier-sms', () =>
      Promise.reject(new TransientError('limit', { retryAfterMs: 120_000 })),
    );
    const pending = subjects.notifyAt('sms', id);
    const waiting = await waitFor(() => fixture.bus.lastUnder('NOTIFICATIONS', pending));
    await fixture.untilSettled('notifier-sms');
    const at = Date.parse(waiting.header('Nats-Schedule')!.slice('@at '.length));
    expect(Math.abs(at - Date.now() - 120_000)).toBeLessThan(5_000);
    expect(waiting.header('Nats-Schedule-Target')).toBe(subjects.notifyDue('sms', id));
    expect(waiting.header('Leadwire-Attempts')).toBe('3');
    const due = subjects.notifyDue('sms', id);
    expect(await fixture.bus.lastUnder('NOTIFICATIONS', due)).toBeUndefined();
  });

  test('a message that fires from such a schedule goes on counting', async () => {
    const id = await fixture.publishFor('notifier-sms');
    const old = await fixture.bus.lastUnder('NOTIFICATIONS', subjects.notifyDue('sms', id));
    await (await fixture.bus.manager()).streams.purge('NOTIFICATIONS');
    await fixture.bus.schedule(
      {
        pending: subjects.notifyAt('sms', id),
        due: subjects.notifyDue('sms', id),
        at: new Date(),
        headers: { 'Leadwire-Attempts': '3' },
      },
      new TextEncoder().encode(JSON.stringify(old?.event)),
    );
    const attempts: number[] = [];
    fixture.start('notifier-sms', (_event, { attempt }) => {
      attempts.push(attempt);
      return Promise.resolve();
    });
    await waitFor(() => attempts.length === 1);
    expect(attempts).toEqual([4]);
  });
});

describe('failures that end a message', () => {
  test('what is refused for good goes to DEAD_LETTERS at once, told to giveUp before', async () => {
    const told: string[] = [];
    const handle = vi.fn(() =>
      Promise.reject(new PermanentError('bad_address', 'no such mailbox')),
    );
    fixture.start('notifier-sms', handle, {
      giveUp: async (event, error) => {
        expect(await fixture.deadLetter()).toBeUndefined();
        told.push(`${event.subject} ${error.message}`);
      },
    });
    const id = await fixture.publishFor('notifier-sms');
    const dead = await waitFor(() => fixture.deadLetter());
    await fixture.untilSettled('notifier-sms');
    expect(dead.header('App-Error-Code')).toBe('bad_address');
    expect(told).toEqual([`${id} no such mailbox`]);
    expect(handle).toHaveBeenCalledTimes(1);
  });

  test('while its end cannot be recorded the message stays', async () => {
    let tries = 0;
    fixture.start('notifier-sms', () => Promise.reject(new PermanentError('no', 'no')), {
      giveUp: () => {
        tries += 1;
        return tries === 1 ? Promise.reject(new Error('database is down')) : Promise.resolve();
      },
    });
    await fixture.publishFor('notifier-sms');
    const dead = await waitFor(() => fixture.deadLetter());
    expect(dead.header('App-Attempts')).toBe('1');
    expect(tries).toBe(2);
  });

  test.each([
    ['not JSON at all', 'not_json'],
    ['{"specversion":"1.0","type":"something.else.v1"}', 'bad_schema'],
    ['null', 'bad_schema'],
    ['', 'not_json'],
  ])('the poison %j never reaches the handler', async (payload, code) => {
    const handle = vi.fn(() => Promise.resolve());
    fixture.start('notifier-sms', handle);
    const bytes = new TextEncoder().encode(payload);
    await fixture.bus.publish(subjects.notifyDue('sms', 'poison'), bytes);
    const dead = await waitFor(() => fixture.deadLetter());
    await fixture.untilSettled('notifier-sms');
    expect(dead.subject).toBe('dead.notifier-sms.notify.due.sms.poison');
    expect(dead.header('App-Error-Code')).toBe(code);
    // A good message behind the poison is handled as if nothing had been.
    await fixture.publishFor('notifier-sms');
    await waitFor(() => handle.mock.calls.length === 1);
  });
});
