import { writeFileSync } from 'node:fs';
import process from 'node:process';

/**
 * Ends every run with one line alone, `N passed, N failed, N skipped`, which CI reads. A file that could not
 * even be loaded counts as one failure: its tests are unknown, but they did not pass. With
 * `LEADWIRE_TEST_COUNTS` it writes what it counted into that file instead, for the command that runs a whole
 * suite in two parts (scripts/commands/test.ts).
 */
export default class CountReporter {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const counts = {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
      skipped: results.numPendingTests + results.numTodoTests,
      failedFiles: results.testResults
        .filter((file) => file.numFailingTests > 0 || file.testExecError)
        .map((file) => ({
          path: file.testFilePath,
          passed: file.numPassingTests,
          skipped: file.numPendingTests + file.numTodoTests,
        })),
    };
    const file = process.env['LEADWIRE_TEST_COUNTS'];
    if (file) return writeFileSync(file, JSON.stringify(counts));
    const line = `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
    // At exit, because Jest's own summary comes after its reporters are done.
    process.once('exit', () => process.stdout.write(`\n${line}\n`));
  }
}
