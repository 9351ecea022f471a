/**
 * `npm run test:system`: what takes longer than a person waits, in its long form: the storm of a campaign, three brokers
 * with one of them killed, every scenario of chaos, and docker compose where a Docker engine answers. All of them even
 * if one fails. `npm test` has short forms of the same.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { say, seconds } from '../machine/progress.mjs';

const root = path.resolve(import.meta.dirname, '../..');

const PARTS: readonly { title: string; args: readonly string[] }[] = [
  {
    title: 'storm, cluster, large list, order of sales',
    args: ['scripts/commands/test.ts', '--no-file-parallelism'].concat(
      ['storm', 'cluster', 'large-list', 'order'].map((name) => `${name}.int`),
    ),
  },
  { title: 'chaos', args: ['chaos/main.ts'] },
  { title: 'docker compose', args: ['scripts/commands/e2e-compose.ts'] },
];

let current: ReturnType<typeof spawn> | undefined;
let isCalledOff = false;
const callOff = (signal: NodeJS.Signals): void => {
  isCalledOff = true;
  current?.kill(signal);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, callOff);
process.on('disconnect', () => callOff('SIGTERM'));

const ends: string[] = [];
for (const { title, args } of PARTS) {
  if (isCalledOff) break;
  say(`\n— ${title}`);
  const startedAt = Date.now();
  current = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, LEADWIRE_LONG_FORMS: '1' },
  });
  const [code] = (await once(current, 'exit')) as [number | null];
  if (code !== 0) process.exitCode = 1;
  ends.push(`${code === 0 ? '✓' : '✗'} ${title} … ${seconds(Date.now() - startedAt)}`);
}
say(`\n${ends.join('\n')}`);
// Whoever listens for its end keeps the way to the terminal open, and with it the process.
if (process.connected) process.disconnect();
process.exit(isCalledOff ? 130 : process.exitCode);
