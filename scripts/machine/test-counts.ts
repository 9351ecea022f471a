/** What a run of the tests counted (test/count-reporter.js writes it), and two runs as one. */

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
  /** Absolute paths, and how many of the file's tests passed or were skipped all the same. */
  failedFiles: { path: string; passed: number; skipped: number }[];
}

/**
 * The count of a whole run whose failed files were run once more: those files count as the second run
 * left them, everything else as the first did.
 */
export function afterSecondRun(first: Counts, second: Counts): Counts {
  const sum = (key: 'passed' | 'skipped') =>
    first.failedFiles.reduce((total, file) => total + file[key], 0);
  return {
    passed: first.passed - sum('passed') + second.passed,
    failed: second.failed,
    skipped: first.skipped - sum('skipped') + second.skipped,
    failedFiles: second.failedFiles,
  };
}

/** The line that CI reads. */
export function countLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
