/**
 * nats-server from Debian's unstable suite (sid). Its binary runs on older Debian releases as well.
 */
import { copyFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { openDebianArchive } from './debian-archive.ts';

/** Puts sid's nats-server at `target`; throws with the reason in one line. */
export async function fetchFromDebian(target: string): Promise<void> {
  const dir = path.join(path.dirname(target), 'apt');
  const archive = await openDebianArchive(dir, 'sid');
  await archive.unpack('nats-server');
  await copyFile(path.join(archive.unpacked, 'usr/sbin/nats-server'), target);
  await rm(dir, { recursive: true });
}
