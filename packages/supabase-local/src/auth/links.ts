/** One-time links: what `auth.admin.generateLink`, an invitation and a forgotten password have in common. */
import { createHash, randomInt } from 'node:crypto';
import { z } from 'zod';
import { AuthApiError } from './auth-error.ts';
import { emailExists, found, type AuthUser, type AuthUsers } from './users.ts';

/** Of hosted Supabase's types those for a new person and for one who is known. */
const linkTypes = ['invite', 'signup', 'magiclink', 'recovery'] as const;
export type LinkType = (typeof linkTypes)[number];

/** POST /admin/generate_link. */
export const linkRequestSchema = z.object({
  type: z.enum(linkTypes),
  email: z.email().toLowerCase(),
  data: z.record(z.string(), z.unknown()).optional(),
});

const OTP_DIGITS = 6;

export interface OneTimeLink {
  user: AuthUser;
  /** What the page behind the link hands to `verifyOtp({ token_hash, type })`. */
  hashed_token: string;
  email_otp: string;
}

/**
 * Makes a link for `email` and voids the one before it. An invitation makes the user when there is none.
 * @throws AuthApiError 404 `user_not_found`; 422 `email_exists` for an invitation of someone who has come in already
 */
export async function makeLink(
  users: AuthUsers,
  { type, email, data }: z.infer<typeof linkRequestSchema>,
): Promise<OneTimeLink> {
  const isFirst = type === 'invite' || type === 'signup';
  const known = await users.byEmail(email);
  if (known?.confirmed_at && isFirst) throw emailExists();
  const user =
    known ?? (isFirst ? await users.create({ email, user_metadata: data }, true) : found(known));
  const email_otp = String(randomInt(10 ** OTP_DIGITS)).padStart(OTP_DIGITS, '0');
  // The form in which the library looks a hash up.
  const hashed_token = createHash('sha256').update(`${user.email}${email_otp}`).digest('hex');
  await users.noteLink(user.id, isFirst ? 'confirmation' : 'recovery', hashed_token);
  return { user, hashed_token, email_otp };
}

/** Between two mails to one person, as hosted Supabase has it. */
const MAIL_GAP_MS = 60_000;

/** @throws AuthApiError 429 when this person was written to a moment ago */
export async function allowRecovery(users: AuthUsers, user: AuthUser): Promise<void> {
  const since = await users.sinceRecovery(user.id);
  if (since >= MAIL_GAP_MS) return;
  const seconds = Math.ceil((MAIL_GAP_MS - since) / 1000);
  throw new AuthApiError(
    429,
    'over_email_send_rate_limit',
    `For security purposes, you can only request this after ${seconds} seconds.`,
  );
}
