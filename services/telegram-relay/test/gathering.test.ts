import { describe, expect, test } from 'vitest';
import { SnoozeError, PermanentError } from '@leadwire/shared/errors';
import { createGathering, type Verdict } from '../src/leads/gathering.ts';

const DONE: Verdict = { kind: 'done' };

/** A group whose turns are given by the test; three items fit into one message. */
function gathering(
  send: (items: readonly string[]) => Verdict[] = (items) => items.map(() => DONE),
) {
  const sent: string[][] = [];
  let giveTurn: (error?: Error) => void = () => undefined;
  const join = createGathering<string>({
    turn: () =>
      new Promise((resolve, reject) => {
        giveTurn = (error) => (error ? reject(error) : resolve());
      }),
    howManyFit: (items) => Math.min(items.length, 3),
    send: (_groupId, items) => {
      sent.push([...items]);
      return Promise.resolve(send(items));
    },
    mostWaiting: 5,
    itemMs: 1_000,
    now: () => 0,
  });
  const turn = async (error?: Error) => {
    giveTurn(error);
    await new Promise(setImmediate);
  };
  return { join: (item: string) => join('group', item), turn, sent };
}

/** `done`, or why it was not sent. */
const settledAs = async (work: Promise<void>): Promise<unknown> => {
  try {
    await work;
    return 'done';
  } catch (thrown) {
    return thrown;
  }
};

describe('what waits for a group', () => {
  test('goes out together, as much as fits, the rest with the next turn', async () => {
    const { join, turn, sent } = gathering();
    const all = ['a', 'b', 'c', 'd'].map(join);
    await turn();
    expect(sent).toEqual([['a', 'b', 'c']]);
    all.push(join('e'));
    await turn();
    expect(sent).toEqual([
      ['a', 'b', 'c'],
      ['d', 'e'],
    ]);
    expect(await Promise.all(all.map(settledAs))).toEqual(Array(5).fill('done'));
  });

  test('is one failure when its turn fails: the first tells of it, the others come back', async () => {
    const { join, turn, sent } = gathering();
    const all = ['a', 'b'].map((item) => settledAs(join(item)));
    const error = new SnoozeError('told to wait', 7_000);
    await turn(error);
    const [first, second] = (await Promise.all(all)) as Error[];
    expect(first).toBe(error);
    expect(second).toMatchObject({ name: 'SnoozeError', retryAfterMs: 7_000 });
    expect(sent).toEqual([]);
    const again = settledAs(join('a'));
    await turn();
    expect(await again).toBe('done');
  });

  test('and was refused is tried one by one, so that one bad item takes no other with it', async () => {
    const bad: Verdict = { kind: 'failed', error: new PermanentError('telegram_400', 'bad') };
    const { join, turn, sent } = gathering((items) => {
      if (items.length > 1) return items.map(() => ({ kind: 'alone' }));
      return items.map((item) => (item === 'b' ? bad : DONE));
    });
    const all = ['a', 'b', 'c'].map((item) => settledAs(join(item)));
    for (let n = 0; n < 4; n += 1) await turn();
    expect(sent).toEqual([['a', 'b', 'c'], ['a'], ['b'], ['c']]);
    const [a, b, c] = await Promise.all(all);
    expect([a, c]).toEqual(['done', 'done']);
    expect(b).toMatchObject({ code: 'telegram_400' });
  });

  test('beyond what a process holds comes back when those before it are served', async () => {
    const { join, turn } = gathering();
    const held = ['a', 'b', 'c', 'd', 'e'].map(join);
    const [sixth, seventh] = await Promise.all(['f', 'g'].map((item) => settledAs(join(item))));
    expect(sixth).toMatchObject({ name: 'SnoozeError', retryAfterMs: 6_000 });
    expect(seventh).toMatchObject({ name: 'SnoozeError', retryAfterMs: 7_000 });
    await turn();
    await turn();
    await Promise.all(held);
  });
});
