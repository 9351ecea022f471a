/** nats-server from its release on GitHub, pinned by version and checksum. */
import { createHash } from 'node:crypto';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run, tail } from './run-command.mjs';

const VERSION = '2.15.0';
/** From the SHA256SUMS file of that release. */
const SHA256: Readonly<Record<string, string>> = {
  'linux-amd64': '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  'linux-arm64': 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  'darwin-amd64': '5bd8b59ca5bf93fab3da2c5843cf564cd6e2e291e22ae3b861746e7ebe259b95',
  'darwin-arm64': 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
};
const RELEASES = 'https://github.com/nats-io/nats-server/releases/download';

/** A host that has not begun to answer by then is not reachable: the next route is tried. */
const ANSWER_MS = 5_000;
/** The archive has 8 MB; a line too slow for it in this time is better served by another route. */
const DOWNLOAD_MS = 90_000;

/** Puts the pinned release's nats-server at `target`; throws with the reason in one line. */
export async function fetchFromRelease(target: string): Promise<void> {
  const host = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
  const expected = SHA256[host];
  if (!expected) throw new Error(`no release is pinned for ${host}`);
  const name = `nats-server-v${VERSION}-${host}`;
  const archive = await download(`${RELEASES}/v${VERSION}/${name}.tar.gz`);
  const found = createHash('sha256').update(archive).digest('hex');
  if (found !== expected) throw new Error(`the checksum of ${name}.tar.gz is wrong (${found})`);
  await unpack(archive, `${name}/nats-server`, target);
}

/**
 * The file at an address. @throws with the reason in a few words, within `answerMs` when nobody answers.
 */
export async function download(url: string, answerMs = ANSWER_MS): Promise<Uint8Array> {
  const abort = new AbortController();
  const noAnswer = setTimeout(() => abort.abort(), answerMs);
  const tooSlow = setTimeout(() => abort.abort(), DOWNLOAD_MS);
  try {
    const response = await fetch(url, { signal: abort.signal });
    clearTimeout(noAnswer);
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (abort.signal.aborted) throw new Error('no answer in time', { cause: error });
    const { cause, message } = error as Error;
    const isUnreachable = typeof cause === 'object' && cause !== null && 'code' in cause;
    throw new Error(isUnreachable ? `not reachable: ${String(cause.code)}` : message, {
      cause: error,
    });
  } finally {
    clearTimeout(noAnswer);
    clearTimeout(tooSlow);
  }
}

async function unpack(archive: Uint8Array, member: string, target: string): Promise<void> {
  const file = `${target}.tar.gz`;
  const dir = path.dirname(target);
  await writeFile(file, archive);
  const { code, output } = await run('tar', ['-xzf', file, '-C', dir, member]);
  if (code !== 0) throw new Error(`it could not be unpacked: ${tail(output, 1).trim()}`);
  await rename(path.join(dir, member), target);
  await rm(path.join(dir, path.dirname(member)), { recursive: true });
  await rm(file);
}
