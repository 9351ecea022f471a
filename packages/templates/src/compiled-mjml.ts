/**
 * MJML made into HTML. Loading its compiler and using it is most of what a start of the notifier costs, so what was
 * compiled is kept beside the code that Node keeps compiled (NODE_COMPILE_CACHE), if it keeps any.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { dirname, join } from 'node:path';

/** `filePath` is beside what `<mj-include>` names; without it no file is read. */
export type Includes = { filePath?: string; ignoreIncludes: boolean };

/** Resolves with the HTML. @throws what the library says is wrong with the source. */
export async function mjmlToHtml(source: string, includes: Includes): Promise<string> {
  const options = {
    ...includes,
    validationLevel: 'strict' as const,
    // MJML would otherwise link Google's copy of every font it knows by name.
    fonts: {},
    keepComments: false,
  };
  const folder = getCompileCacheDir();
  const file = folder && join(folder, 'mjml', keyOf(source, options));
  const known = file && read(file);
  if (known) return known;
  // Its library takes a second to load, which whoever compiles nothing need not wait for.
  const { default: mjml2html } = await import('mjml');
  const { html } = await mjml2html(source, options);
  if (file) keep(file, html);
  return html;
}

/** Everything that the result depends on: the library's version, and whatever may be included. */
function keyOf(source: string, options: Includes): string {
  const library = import.meta.resolve('mjml');
  const hash = createHash('sha256').update(JSON.stringify([library, source, options]));
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

/** Processes start side by side: each writes a file of its own and renames it, so nobody reads half of one. */
function keep(file: string, html: string): void {
  const own = `${file}.${randomUUID()}`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(own, html);
    renameSync(own, file);
  } catch {
    // A full disk costs the next start a second; whoever needs the mail has it.
  }
}
