/**
 * Which stage a deal belongs on. Never backwards; never out of won or lost, which are stages 142 and
 * 143 in every pipeline of AmoCRM, unless the configuration itself uses these numbers for a stage.
 */

/** https://www.amocrm.ru/developers/content/crm_platform/leads_pipelines: the same in every pipeline. */
export const WON = 142;
export const LOST = 143;

export interface StagePlan {
  pipelineId: number;
  /** Where a deal begins that has no better stage; undefined: AmoCRM's first one. */
  defaultStage: number | undefined;
  payment: Readonly<Record<string, number | undefined>>;
  /** Lesson number -> stage. */
  lessons: Readonly<Record<number, number | undefined>>;
}

/** A stage as AmoCRM lists it; `sort` grows from left to right on the board. */
export interface Stage {
  id: number;
  name: string;
  sort: number;
  /** Incoming ("Неразобранное"): managers sort its deals, and nothing is moved there or from there for them. */
  isIncoming?: boolean;
}

export interface PaymentStage {
  stageId: number | undefined;
  /** A method was given that has no stage: the deal goes to the default one, with a note. */
  isUnknown: boolean;
}

/** The stage of a payment method; without one, or with one that nobody knows, the default stage. */
export function stageForPayment(plan: StagePlan, method: string | null): PaymentStage {
  if (method === null) return { stageId: plan.defaultStage, isUnknown: false };
  const name = method.trim().toLowerCase();
  const stageId = Object.hasOwn(plan.payment, name) ? plan.payment[name] : undefined;
  return { stageId: stageId ?? plan.defaultStage, isUnknown: stageId === undefined };
}

/** The stage of the furthest completed lesson that has one; undefined when none has. */
export function stageForLessons(plan: StagePlan, completed: readonly number[]): number | undefined {
  const stages = [...completed].sort((a, b) => a - b).map((lesson) => plan.lessons[lesson]);
  return stages.filter((stage) => stage !== undefined).at(-1);
}

/** Whether a deal may still be worked on: won and lost are ends, unless the configuration uses them. */
export function isOpen(plan: StagePlan, stageId: number): boolean {
  return (stageId !== WON && stageId !== LOST) || rankOf(plan, stageId) !== undefined;
}

/**
 * Whether a deal on stage `from` moves to `to`. Both configured: along the company's own funnel (start,
 * payment, lesson 1, 2, 3), because 142 and 143 stand at the board's end whatever they are used for.
 * Otherwise, and among payment stages: to the right on the board.
 */
export function isForward(
  plan: StagePlan,
  stages: readonly Stage[],
  from: number,
  to: number,
): boolean {
  if (from === to || !isOpen(plan, from)) return false;
  const [fromRank, toRank] = [rankOf(plan, from), rankOf(plan, to)];
  if (fromRank !== undefined && toRank !== undefined && fromRank !== toRank) {
    return toRank > fromRank;
  }
  return sortOf(stages, to) > sortOf(stages, from);
}

/** 0 for the start, 1 for payment, then the lessons; undefined for a stage that is not configured. */
function rankOf(plan: StagePlan, stageId: number): number | undefined {
  const lessons = Object.entries(plan.lessons).filter(([, stage]) => stage === stageId);
  if (lessons.length > 0) return 1 + Math.max(...lessons.map(([lesson]) => Number(lesson)));
  if (Object.values(plan.payment).includes(stageId)) return 1;
  return stageId === plan.defaultStage ? 0 : undefined;
}

/** A stage that is gone from the board stands before all others: nothing is lost by moving on. */
function sortOf(stages: readonly Stage[], stageId: number): number {
  return stages.find(({ id }) => id === stageId)?.sort ?? Number.NEGATIVE_INFINITY;
}
