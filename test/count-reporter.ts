import { writeFileSync } from 'node:fs';
import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';
import { countLine, type Counts } from '../scripts/machine/test-counts.ts';

/**
 * Ends every run with one line alone, `N passed, N failed, N skipped`, which CI reads. A file, or a suite of it, that
 * could not be set up counts as one failure, and so does an error that no test caught: what they hide did not pass. With
 * `LEADWIRE_TEST_COUNTS` it writes what it counted into that file instead, for the command that runs a whole suite in
 * two parts (scripts/commands/test.ts).
 */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const files = modules.map(countOf);
    const sum = (key: 'passed' | 'failed' | 'skipped') =>
      files.reduce((total, file) => total + file[key], 0);
    const counts: Counts = {
      passed: sum('passed'),
      failed: sum('failed') + unhandled.length,
      skipped: sum('skipped'),
      failedFiles: files.filter((file) => file.failed > 0),
    };
    const file = process.env['LEADWIRE_TEST_COUNTS'];
    if (file) return writeFileSync(file, JSON.stringify(counts));
    // At exit, because Vitest's own summary comes after its reporters are done.
    process.once('exit', () => process.stdout.write(`\n${countLine(counts)}\n`));
  }
}

function countOf(module: TestModule) {
  const count = { path: module.moduleId, passed: 0, failed: 0, skipped: 0 };
  count.failed += module.errors().length;
  for (const suite of module.children.allSuites()) count.failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === 'passed') count.passed += 1;
    else if (state === 'failed') count.failed += 1;
    else count.skipped += 1;
  }
  return count;
}
