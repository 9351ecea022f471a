/** Finds the programs that come with the dependencies, so that the very Node in use runs them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/**
 * The file of a package's program, by the name that its manifest gives it.
 * @throws when the package or the program is not there.
 */
export function findBin(name: string, command = name): string {
  const manifest = require.resolve(`${name}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const file = typeof bin === 'string' ? bin : bin[command];
  if (file === undefined) throw new Error(`${manifest}: no program called ${command}`);
  return path.join(path.dirname(manifest), file);
}
