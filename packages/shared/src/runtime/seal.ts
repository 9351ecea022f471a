/** Values that travel or lie where others could read or change them, and can be neither: cookies, tokens in a table. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface Seal {
  close(value: unknown): string;
  /** Undefined for what this secret did not close. */
  open(text: string): unknown;
}

/** @param purpose a key of its own for each: what was closed as one thing cannot be opened as another */
export function createSeal(secret: string, purpose: string): Seal {
  const key = Buffer.from(hkdfSync('sha256', secret, 'leadwire', purpose, 32));
  return {
    close(value) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(text) {
      try {
        const all = Buffer.from(text, 'base64url');
        const decipher = createDecipheriv('aes-256-gcm', key, all.subarray(0, IV_BYTES));
        decipher.setAuthTag(all.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const body = all.subarray(IV_BYTES + TAG_BYTES);
        const plain = Buffer.concat([decipher.update(body), decipher.final()]);
        return JSON.parse(plain.toString('utf8')) as unknown;
      } catch {
        return undefined;
      }
    },
  };
}
