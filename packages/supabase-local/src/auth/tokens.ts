/** Access tokens of the bundled Auth: the secret that signs them, and what hosted ones say beyond the library's. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A secret of this process alone: for a project in memory. */
export function newJwtSecret(): string {
  return randomBytes(32).toString('hex');
}

/** The project's secret in its folder, made at the first start: whoever is signed in stays so over a restart. */
export async function readJwtSecret(dir: string): Promise<string> {
  const file = join(dir, 'jwt-secret');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const secret = newJwtSecret();
  // Renamed into place: a kill leaves no half of one. The folder's lock keeps others away.
  await writeFile(`${file}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return secret;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The payload of a token that the library itself has just made. */
export function claimsOf(token: string): Record<string, unknown> {
  const [, payload = ''] = token.split('.');
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
}

/** Signs the claims of `token` together with `more`, by HS256 as the library does. */
export function addClaims(token: string, more: Record<string, unknown>, secret: string): string {
  const [header = ''] = token.split('.');
  const body = `${header}.${encode({ ...claimsOf(token), ...more })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
