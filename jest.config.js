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

const ELSEWHERE = ['/node_modules/', '/.data/'];
/** For --testPathIgnorePatterns: a unit test starts no process and opens no port. */
export const NOT_UNIT_TESTS = [...ELSEWHERE, '\\.(int|e2e|browser)\\.test\\.ts$'];

/** @type {import('jest').Config} */
export default {
  extensionsToTreatAsEsm: ['.ts'],
  transform,
  testEnvironment: 'node',
  testMatch: ['<rootDir>/{packages,services,scripts,test,chaos}/**/*.test.ts'],
  testPathIgnorePatterns: ELSEWHERE,
  modulePathIgnorePatterns: ['/.data/'],
  globalSetup: './test/global-setup.ts',
  reporters: ['default', './test/count-reporter.js'],
  // The real servers of a test work while its worker waits, so even two cores carry two workers.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // A database in memory is half a gigabyte that WebAssembly never gives back; a worker of hundreds of files would hold
  // several gigabytes and be too slow to end. A new one costs a second.
  workerIdleMemoryLimit: '1.5GB',
  testTimeout: 60_000,
};
