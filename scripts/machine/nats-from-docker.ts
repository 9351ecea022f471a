/** nats-server copied out of its Docker image, for Linux machines with a Docker engine and a registry. */
import { run, tail } from './run-command.mjs';

/** The static build, so that it runs on any Linux. */
const IMAGE = 'nats:2.15-alpine';
const PATH_INSIDE = '/usr/local/bin/nats-server';

/** Puts the image's nats-server at `target`; throws with the reason in one line. */
export async function fetchFromDocker(target: string): Promise<void> {
  if (process.platform !== 'linux') throw new Error('the image holds a program for Linux');
  await docker(5_000, 'version', '--format', '{{.Server.Version}}');
  const present = await run('docker', ['image', 'inspect', IMAGE], { timeoutMs: 5_000 });
  if (present.code !== 0) await docker(180_000, 'pull', IMAGE);
  const container = (await docker(30_000, 'create', IMAGE)).trim();
  try {
    await docker(30_000, 'cp', `${container}:${PATH_INSIDE}`, target);
  } finally {
    await docker(30_000, 'rm', container);
  }
}

/** A pull names what it pulls as soon as the registry has answered; silence before that is a dead registry. */
const REGISTRY_ANSWER_MS = 10_000;

async function docker(timeoutMs: number, ...args: string[]): Promise<string> {
  const done = await run('docker', args, {
    timeoutMs,
    silenceMs: Math.min(timeoutMs, REGISTRY_ANSWER_MS),
  });
  if (done.code === 127) throw new Error('no Docker on this machine');
  if (done.code !== 0) throw new Error(tail(done.output, 1).trim());
  return done.output;
}
