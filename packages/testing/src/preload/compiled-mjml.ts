/**
 * Preloaded into every service process of the tests, as Node's compile cache is: MJML that was compiled before is read
 * from the system's temporary folder. Loading the compiler and using it is most of what a start of the notifier costs,
 * and a run of all tests starts hundreds. What compiles is the library itself, from the same files.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

type Compile = (mjml: string, options: { filePath?: string }) => Promise<{ html: string }>;

const FOLDER = join(tmpdir(), 'leadwire-compiled-mjml');
/** The address of the library, once somebody has asked for it; its path holds the version. */
let library = '';

/** As the library's own function for what the product asks of it. @throws what the library throws. */
export const compile: Compile = async (mjml, options) => {
  const file = join(FOLDER, keyOf(mjml, options));
  const known = read(file);
  if (known !== undefined) return { html: known };
  const { default: original } = (await import(`${library}?original`)) as { default: Compile };
  const { html } = await original(mjml, options);
  mkdirSync(FOLDER, { recursive: true });
  // Processes start side by side: each writes a file of its own and renames it, so nobody reads half of one.
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, html);
  renameSync(own, file);
  return { html };
};

/** Everything that the result depends on: what is compiled may include any file beside it. */
function keyOf(mjml: string, options: { filePath?: string }): string {
  const hash = createHash('sha256').update(JSON.stringify([library, mjml, options]));
  // What people wrote is of no folder, and reads no file.
  if (options.filePath === undefined) return hash.digest('hex');
  const folder = dirname(options.filePath);
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith('.mjml')) hash.update(name).update(readFileSync(join(folder, name)));
  }
  return hash.digest('hex');
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier !== 'mjml') return next(specifier, context);
    library = next(specifier, context).url;
    return { url: 'leadwire:compiled-mjml', format: 'module', shortCircuit: true };
  },
  load: (url, context, next) =>
    url === 'leadwire:compiled-mjml'
      ? {
          format: 'module',
          source: `export { compile as default } from ${JSON.stringify(import.meta.url)};`,
          shortCircuit: true,
        }
      : next(url, context),
});
