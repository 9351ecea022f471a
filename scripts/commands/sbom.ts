/**
 * `npm run sbom`: what the product is made of, package by package with licence and hash, as CycloneDX. Read off the
 * lockfile, so it needs no network. `npm run sbom -- <file>`; `.data/sbom.json` otherwise.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pinnedPnpm } from '../machine/pinned-pnpm.ts';
import { say } from '../machine/progress.mjs';

const [given = '.data/sbom.json'] = process.argv.slice(2).filter((each) => !each.startsWith('-'));
const file = path.resolve(given);
mkdirSync(path.dirname(file), { recursive: true });
const what = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--prod'];
const { code, output } = await pinnedPnpm('sbom', ...what, '--lockfile-only', '--out', file);
if (code === 0) {
  const { components } = JSON.parse(readFileSync(file, 'utf8')) as { components: unknown[] };
  say(`${file}: ${components.length} packages`);
} else {
  say(output.trim());
  process.exitCode = 1;
}
