/** The pipeline's stages as AmoCRM has them, read once in a while: their order and names. */
import type { Amocrm } from './amocrm.ts';
import type { Stage } from './deal-plan.ts';

/** Administrators move stages about once a month; a refusal has them read again at once. */
const FRESH_MS = 10 * 60_000;

export interface Stages {
  /** In the configured pipeline; empty when AmoCRM has no such pipeline. */
  all(): Promise<readonly Stage[]>;
  /** Something in AmoCRM is not as we think. */
  forget(): void;
}

/** Errors are those of `Amocrm.pipelines`. */
export function createStages(
  amocrm: Pick<Amocrm, 'pipelines'>,
  pipelineId: number,
  now: () => number = Date.now,
): Stages {
  let known: { stages: Promise<readonly Stage[]>; readAt: number } | undefined;

  const read = async (): Promise<readonly Stage[]> => {
    const pipelines = await amocrm.pipelines();
    return pipelines.find(({ id }) => id === pipelineId)?._embedded.statuses ?? [];
  };

  return {
    all() {
      if (known && now() - known.readAt < FRESH_MS) return known.stages;
      const reading = { stages: read(), readAt: now() };
      known = reading;
      reading.stages.catch(() => {
        if (known === reading) known = undefined;
      });
      return reading.stages;
    },
    forget() {
      known = undefined;
    },
  };
}
