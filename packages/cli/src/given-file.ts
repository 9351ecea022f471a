/** Files that somebody names on the command line. */
import { fstatSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { toError } from '@leadwire/shared/errors';
import { FailedError, inSentence } from './failure.ts';

/** Its bytes. @throws FailedError that names it and says why it cannot be read */
export async function readGiven(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (thrown) {
    throw cannotUse(file, thrown);
  }
}

/** Standard input, in the place of a file. @throws FailedError for a folder, which Node would read as nothing at all */
export function givenInput(): NodeJS.ReadStream {
  if (fstatSync(process.stdin.fd).isDirectory()) throw new FailedError('The input is a folder.');
  return process.stdin;
}

/** What it holds. @throws FailedError that names it and says why it cannot be read, or that it is no JSON object */
export async function readGivenObject(file: string): Promise<object> {
  const bytes = await readGiven(file);
  try {
    const value: unknown = JSON.parse(bytes.toString());
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below, in the same words.
  }
  throw new FailedError(`${file} is no JSON object.`);
}

/**
 * Writes what somebody asked for into the file that they named.
 * @param mode of a new file; 0o600 where contacts are in it
 * @throws FailedError that names it and says why it cannot be written
 */
export async function writeGiven(file: string, text: string, mode = 0o644): Promise<void> {
  try {
    await writeFile(file, text, { mode });
  } catch (thrown) {
    throw cannotWrite(file, thrown);
  }
}

/** Why it cannot be written, in a sentence that names it. */
export function cannotWrite(file: string, thrown: unknown): FailedError {
  if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') return cannotUse(file, thrown);
  return new FailedError(`${file} cannot be written: its folder is not there.`, { cause: thrown });
}

/** Of a folder, and of a disk that is full, Node says the code and not the path. */
function cannotUse(file: string, thrown: unknown): FailedError {
  const error = Object.assign(toError(thrown), { path: file });
  return new FailedError(inSentence(error), { cause: thrown });
}
