/**
 * One-time codes by which a group, a student or somebody who works here lets a bot know that it belongs to us. The bucket holds
 * their hashes only: whoever reads it can use none of them, and a lookup by hash says nothing about how
 * close a guess was.
 */
import { createHash, randomInt } from 'node:crypto';
import { z } from 'zod';
import { isConflict, type Bus } from '../broker/bus.ts';
import { orOutage } from '../errors.ts';
import { studentSchema } from '../contract/student-facts.ts';
import { groupBots } from './telegram-groups.ts';

export const CODE_VALID_MS = 7 * 24 * 60 * 60_000;

/** 32 characters that nobody takes for another; twelve of them are 60 bits, beyond guessing. */
const ALPHABET = '23456789abcdefghijkmnpqrstuvwxyz';
const LENGTH = 12;
const UNREADABLE = 'the codes cannot be read';

const purposeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('group'), bot: z.enum(groupBots) }),
  z.object({ kind: z.literal('staff'), staffId: z.uuid() }),
  z.object({ kind: z.literal('student'), studentId: studentSchema.shape.studentId }),
]);
export type CodePurpose = z.infer<typeof purposeSchema>;

const codeSchema = z.object({
  purpose: purposeSchema,
  createdAt: z.iso.datetime(),
  usedBy: z.string().optional(),
});

export type CodeUse =
  | { kind: 'taken'; purpose: CodePurpose }
  | { kind: 'unknown' | 'used' | 'expired' }
  /** It is good, but for something else, and stays so. */
  | { kind: 'elsewhere'; purpose: CodePurpose };

/** Both throw TransientError when the broker fails. */
export interface TelegramCodes {
  /** A new code, as a person types it: `k7mx-3p9q-w2ht`. */
  make(purpose: CodePurpose): Promise<{ code: string; validUntil: Date }>;
  /**
   * Takes a code for `user`, once for all processes; the same user may take it again, which a repeat
   * after a crash does.
   */
  use(code: string, user: string, isWanted: (purpose: CodePurpose) => boolean): Promise<CodeUse>;
}

export function createTelegramCodes(
  bus: Pick<Bus, 'bucket'>,
  now: () => number = Date.now,
): TelegramCodes {
  const bucket = () => bus.bucket('telegram_codes');

  return {
    make: (purpose) =>
      orOutage(UNREADABLE, async () => {
        const letters = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
        const code = letters.join('').replace(/(.{4})(?=.)/g, '$1-');
        const createdAt = new Date(now()).toISOString();
        await (await bucket()).create(keyOf(code), JSON.stringify({ purpose, createdAt }));
        return { code, validUntil: new Date(now() + CODE_VALID_MS) };
      }),

    use: (code, user, isWanted) =>
      orOutage(UNREADABLE, async () => {
        const key = keyOf(code);
        const found = await (await bucket()).get(key);
        if (found?.operation !== 'PUT') return { kind: 'unknown' };
        const known = codeSchema.parse(found.json());
        const { purpose, createdAt, usedBy } = known;
        if (usedBy === user) return { kind: 'taken', purpose };
        if (usedBy !== undefined) return { kind: 'used' };
        if (now() - Date.parse(createdAt) > CODE_VALID_MS) return { kind: 'expired' };
        if (!isWanted(purpose)) return { kind: 'elsewhere', purpose };
        try {
          const used = JSON.stringify({ ...known, usedBy: user });
          await (await bucket()).update(key, used, found.revision);
          return { kind: 'taken', purpose };
        } catch (thrown) {
          if (isConflict(thrown)) return { kind: 'used' };
          throw thrown;
        }
      }),
  };
}

/** Whether a word may be a code: typed with or without dashes, in either case. */
export function looksLikeCode(word: string): boolean {
  return plain(word).length === LENGTH;
}

function keyOf(code: string): string {
  return createHash('sha256').update(plain(code)).digest('hex');
}

function plain(code: string): string {
  return code.toLowerCase().replace(/[^a-z0-9]/g, '');
}
