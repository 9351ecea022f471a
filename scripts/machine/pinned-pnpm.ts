/** The pnpm that package.json names, for commands that ask it something about the lockfile. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './run-command.mjs';
import { ensurePnpm } from './tools.mjs';

const root = path.resolve(import.meta.dirname, '../..');

/** Runs it to its end; what it prints. @throws ExplainedError when it is not here and cannot be fetched */
export async function pinnedPnpm(...args: string[]): Promise<{ code: number; output: string }> {
  const manifest = readFileSync(path.join(root, 'package.json'), 'utf8');
  const { packageManager } = JSON.parse(manifest) as { packageManager: string };
  const version = packageManager.replace(/^pnpm@([\d.]+).*/, '$1');
  const tools = path.join(root, '.data/tools');
  const [command = 'pnpm', ...first] = await ensurePnpm(
    version,
    tools,
    process.execPath,
    process.env,
  );
  return run(command, [...first, '--pm-on-fail=ignore', ...args], { cwd: root });
}
