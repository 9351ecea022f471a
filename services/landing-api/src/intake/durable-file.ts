/** Files that are on the disk, and not on their way there, when the call returns. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** For the owner alone: a lead is somebody's name, phone and address. */
const FILE_MODE = 0o600;

/**
 * Writes a new file so that it is complete, or not there, after a power cut at any moment: all of it
 * goes to `via` (same file system, nobody else's), is synced and renamed; then the folder is synced,
 * without which the name itself may be gone after a cut (fsync(2), NOTES).
 * @throws what the file system said; then neither of the two files is left.
 */
export async function writeDurably(file: string, text: string, via: string): Promise<void> {
  try {
    await writeSynced(via, text);
    await rename(via, file);
    await syncFolder(dirname(file));
  } catch (thrown) {
    await Promise.allSettled([rm(via, { force: true }), rm(file, { force: true })]);
    throw thrown;
  }
}

/** Writes a new file and syncs its content, not its name. @throws what the file system said. */
export async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', FILE_MODE);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names in a folder durable. @throws what the file system said. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file system's own code for what went wrong (`ENOSPC`), or undefined for another error. */
export function fileErrorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
