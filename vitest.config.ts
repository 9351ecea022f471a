import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

/**
 * Vitest runs the same TypeScript that Node runs, with Node's own loader: no build step, no transform. The files of a
 * worker share its modules, because loading them anew for each file took half of the suite's time; so a test file
 * leaves nothing behind in a module or in `process.env`.
 */
export default defineConfig({
  test: {
    include: ['{packages,services,scripts,test,chaos}/**/*.test.ts'],
    exclude: ['**/node_modules/**', '.data/**'],
    pool: 'forks',
    isolate: false,
    experimental: { viteModuleRunner: false },
    // A test waits for real servers a good part of its time, so two cores carry three workers; a fourth one makes everything
    // start once more, and the whole is no faster for it.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    globalSetup: './test/global-setup.ts',
    reporters: ['default', './test/count-reporter.ts'],
    sequence: { hooks: 'list', sequencer: LongestFirst },
    // Tests wait for conditions, a few of them for half a minute of real work; only one that hangs comes near this.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
