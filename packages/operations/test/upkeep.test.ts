import { describe, expect, test } from 'vitest';
import {
  findingsOf,
  judgeUpkeep,
  type Round,
  type StreamSize,
  type UpkeepRows,
} from '../src/upkeep/upkeep.ts';

const CALM: UpkeepRows = {
  hasDeals: true,
  unsynced: 0,
  dealless: 0,
  conflicts: 0,
  unknown: 0,
  unattributed: 0,
  unpaid: [],
  unprotected: [],
  open: [],
  unindexed: [],
  unused: [],
  tables: [],
  oldLeads: 0,
  oldLogs: 0,
};
const judge = (round: Round, rows: UpkeepRows, sizes: readonly StreamSize[]) =>
  findingsOf(judgeUpkeep(rows, sizes), round);
const statesOf = (...asked: Parameters<typeof judge>) =>
  Object.fromEntries(judge(...asked).map(({ part, state }) => [part, state]));

describe('upkeep', () => {
  test('of a month has that of a week, and that of a week has that of a day', () => {
    const [day, week, month] = (['daily', 'weekly', 'monthly'] as const).map((round) =>
      Object.keys(statesOf(round, CALM, [])),
    );
    expect(week?.slice(0, day?.length)).toEqual(day);
    expect(month?.slice(0, week?.length)).toEqual(week);
    expect(Object.values(statesOf('monthly', CALM, []))).toEqual(month?.map(() => 'ok'));
  });

  test.each([
    [{ unsynced: 2 }, 'unsynced', 'warning'],
    [{ dealless: 1 }, 'dealless', 'warning'],
    [{ hasDeals: false, unsynced: 9, dealless: 9 }, 'unsynced', 'off'],
    [{ conflicts: 1 }, 'conflicts', 'warning'],
    [{ unknown: 5 }, 'unknown', 'warning'],
    [{ unattributed: 3 }, 'unattributed', 'warning'],
    [{ unpaid: ['facebook'] }, 'unpaid', 'warning'],
    [{ unprotected: ['users'] }, 'unprotected', 'broken'],
    [{ open: ['users'] }, 'open', 'broken'],
    [{ unindexed: ['users.granted_by'] }, 'unindexed', 'warning'],
    [{ unused: [{ name: 'users_idx', bytes: 5_000_000 }] }, 'unused', 'warning'],
    [{ oldLogs: 1 }, 'old', 'warning'],
  ] as const)('says what to do about %j', (found, part, state) => {
    const finding = judge('monthly', { ...CALM, ...(found as Partial<UpkeepRows>) }, []).find(
      (each) => each.part === part,
    );
    const advice = { remedy: expect.any(String), meaning: expect.any(String) };
    expect(finding).toMatchObject(state === 'off' ? { state } : { state, ...advice });
  });

  test('tells of a stream that is getting full, and not of one without a limit', () => {
    const sizes = (bytes: number, most: number) => [{ name: 'LEADS', bytes, most }];
    expect(statesOf('monthly', CALM, sizes(80, 100))).toMatchObject({ streams: 'warning' });
    expect(statesOf('monthly', CALM, sizes(60, 100))).toMatchObject({ streams: 'ok' });
    expect(statesOf('monthly', CALM, sizes(80, 0))).toMatchObject({ streams: 'ok' });
  });
});
