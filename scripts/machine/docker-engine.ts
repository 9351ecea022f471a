/** Whether containers can be started here. */
import { run, tail } from './run-command.mjs';

/** An engine that is there answers in milliseconds; on a machine that builds an image meanwhile, in seconds. */
const ANSWER_MS = 60_000;

/** Why no containers can be started here, in one line, or undefined when they can. */
export async function missingEngine(): Promise<string | undefined> {
  const version = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
    timeoutMs: ANSWER_MS,
  });
  if (version.code === 127) return 'no Docker on this machine';
  if (version.code !== 0) return `no Docker engine answers: ${tail(version.output, 1).trim()}`;
  const compose = await run('docker', ['compose', 'version', '--short'], { timeoutMs: ANSWER_MS });
  return compose.code === 0
    ? undefined
    : 'the engine is there, but no "docker compose" (2.24 or newer)';
}
