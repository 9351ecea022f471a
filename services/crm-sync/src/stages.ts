/** The pipeline's stages and the deals' fields as AmoCRM has them. */
import type { Amocrm } from './amocrm.ts';
import { createCached } from './cached.ts';
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
  const read = async (): Promise<readonly Stage[]> => {
    const pipelines = await amocrm.pipelines();
    return pipelines.find(({ id }) => id === pipelineId)?._embedded.statuses ?? [];
  };
  const stages = createCached(read, FRESH_MS, now);
  return { all: () => stages.get(), forget: () => stages.forget() };
}

/** Codes of the fields that deals have. Errors are those of `Amocrm.dealFieldCodes`. */
export function createFieldCodes(
  amocrm: Pick<Amocrm, 'dealFieldCodes'>,
): () => Promise<ReadonlySet<string>> {
  const codes = createCached(async () => new Set(await amocrm.dealFieldCodes()), FRESH_MS);
  return () => codes.get();
}
