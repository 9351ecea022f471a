import { describe, expect, test } from 'vitest';
import {
  isForward,
  isOpen,
  stageForLessons,
  stageForPayment,
  type StagePlan,
} from '../src/deal-plan.ts';

const plan: StagePlan = {
  pipelineId: 1,
  defaultStage: 10,
  payment: { kaspi: 20, halyk: 21, robokassa: 22 },
  lessons: { 1: 31, 2: 32, 3: 33 },
};
/** As the design's default configuration has it: two payment stages are AmoCRM's won and lost. */
const systemPlan: StagePlan = {
  ...plan,
  payment: { kaspi: 142, halyk: 143, robokassa: 144 },
};
const stages = [5, 10, 15, 20, 21, 22, 144, 25, 31, 32, 33, 142, 143].map((id, n) => ({
  id,
  name: `stage ${id}`,
  sort: n * 10,
}));
const forward = (from: number, to: number, by = plan) => isForward(by, stages, from, to);

describe('the stage of a payment', () => {
  test('is its own, however the method is written', () => {
    expect(stageForPayment(plan, ' Kaspi ')).toEqual({ stageId: 20, isUnknown: false });
  });

  test('is the default without one, and with one that nobody knows, which is said', () => {
    expect(stageForPayment(plan, null)).toEqual({ stageId: 10, isUnknown: false });
    expect(stageForPayment(plan, 'crypto')).toEqual({ stageId: 10, isUnknown: true });
    expect(stageForPayment(plan, 'constructor')).toEqual({ stageId: 10, isUnknown: true });
  });
});

describe('the stage of lessons', () => {
  test('is that of the furthest one, in whatever order they came', () => {
    expect(stageForLessons(plan, [3, 1, 2])).toBe(33);
    expect(stageForLessons(plan, [1])).toBe(31);
  });

  test('passes over lessons without a stage', () => {
    expect(stageForLessons(plan, [10, 2])).toBe(32);
    expect(stageForLessons(plan, [10])).toBeUndefined();
    expect(stageForLessons(plan, [])).toBeUndefined();
  });
});

describe('a deal', () => {
  test('moves along the funnel and never back', () => {
    expect([forward(10, 20), forward(22, 31), forward(31, 33)]).toEqual([true, true, true]);
    expect([forward(20, 10), forward(33, 31), forward(31, 20), forward(20, 20)]).toEqual(
      Array(4).fill(false),
    );
  });

  test('on a stage that a manager chose moves to the right on the board only', () => {
    expect([forward(15, 20), forward(25, 31)]).toEqual([true, true]);
    expect([forward(25, 20), forward(15, 10)]).toEqual([false, false]);
  });

  test('never leaves won and lost', () => {
    for (const end of [142, 143]) {
      expect(isOpen(plan, end)).toBe(false);
      expect(forward(end, 33)).toBe(false);
    }
  });

  test('leaves 142 and 143 where the configuration itself uses them, along the funnel', () => {
    expect(isOpen(systemPlan, 142)).toBe(true);
    expect(forward(142, 31, systemPlan)).toBe(true);
    expect(forward(142, 143, systemPlan)).toBe(true);
    expect(forward(31, 142, systemPlan)).toBe(false);
    expect(forward(143, 10, systemPlan)).toBe(false);
  });

  test('moves on from a stage that was deleted, not to one', () => {
    expect(forward(999, 20)).toBe(true);
    expect(forward(15, 999)).toBe(false);
  });
});
