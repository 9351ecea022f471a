import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, mostly because it waits for what a killed process held. Begun last, it would run alone at the end while
 * the other workers have nothing to do.
 */
export const LONGEST = [
  'services/notifier/test/sms-money.int.test.ts',
  'chaos/test/short.int.test.ts',
  'test/e2e/start.e2e.test.ts',
  'services/mailer-batch/test/storm.int.test.ts',
  'chaos/test/campaigns.int.test.ts',
];

/** Vitest's own order (the longest of the last run, on a fresh machine the largest file) for all but these. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
