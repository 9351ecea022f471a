/** The two ways in which a command ends badly; `exitCode` is what the shell sees. */

/** It could not be done: no broker, no such lead, a part of it failed. */
export class FailedError extends Error {
  override readonly name: string = 'FailedError';
  readonly exitCode = 1;
}

/** It was asked for in a way that cannot be done: an unknown flag, nobody there to confirm. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly exitCode = 2;
}

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EACCES: 'may not be used by this user',
  EPERM: 'may not be used by this user',
  EROFS: 'is on a disk that may only be read',
  EISDIR: 'is a folder',
  ENOTDIR: 'is not in a folder',
  ENAMETOOLONG: 'has too long a name',
  ELOOP: 'is a link that leads to itself',
  EBUSY: 'is in use',
  EIO: 'cannot be read or written: the disk is broken or away',
  EEXIST: 'is there already',
  ENOSPC: 'does not fit: the disk is full',
  EDQUOT: 'does not fit: this user may not store more',
  EFBIG: 'does not fit: it is larger than a file may be here',
};

/** What the operating system says about a file, as a person would say it; everything else as it is. */
export function inSentence(error: Error): string {
  const { code, path } = error as NodeJS.ErrnoException;
  const words = FILE_WORDS[code ?? ''];
  if (code === 'EPIPE') return 'Whoever read the output has ended.';
  return words === undefined ? error.message : `${path ?? 'The file'} ${words}.`;
}

/** More lines than this fill a screen without saying more. */
const MOST_LINES = 21;

/** On a terminal a long list of problems is cut, with how to have all of it; in a pipe it is whole. */
export function shortened(message: string): string {
  const lines = message.split('\n');
  const left = lines.length - MOST_LINES;
  if (!process.stderr.isTTY || left <= 0) return message;
  const more = `  and ${left} more: add 2> problems.txt to have all of them`;
  return [...lines.slice(0, MOST_LINES), more].join('\n');
}
