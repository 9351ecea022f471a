import { availableParallelism } from 'node:os';

/** Jest runs the same TypeScript that Node runs: ESM, `.ts` import extensions, no build step. */
const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

/** @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{packages,services,scripts,test,chaos}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/.data/'],
  modulePathIgnorePatterns: ['/.data/'],
  globalSetup: './test/global-setup.ts',
  reporters: ['default', './test/count-reporter.js'],
  // The real servers of a test work while its worker waits, so even two cores carry two workers.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  testTimeout: 30_000,
};
