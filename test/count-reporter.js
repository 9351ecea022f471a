import process from 'node:process';

/**
 * Ends every run with one line alone, `N passed, N failed, N skipped`, which CI reads. A file that could not
 * even be loaded counts as one failure: its tests are unknown, but they did not pass.
 */
export default class CountReporter {
  /** @param {unknown} _contexts @param {import('@jest/reporters').AggregatedResult} results */
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    // At exit, because Jest's own summary comes after its reporters are done.
    process.once('exit', () => process.stdout.write(`\n${line}\n`));
  }
}
