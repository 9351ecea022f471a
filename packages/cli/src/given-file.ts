/** Files that somebody names on the command line. */
import { readFile } from 'node:fs/promises';
import { toError } from '@leadwire/shared/errors';
import { FailedError, inSentence } from './failure.ts';

/** Its bytes. @throws FailedError that names it and says why it cannot be read */
export async function readGiven(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (thrown) {
    // Of a folder Node says the code and not the path.
    const error = Object.assign(toError(thrown), { path: file });
    throw new FailedError(inSentence(error), { cause: thrown });
  }
}
