/** What somebody typed about a new referrer, read once for the CLI and the console. */
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import { readReferralCode } from '@leadwire/shared/contract/referral-facts';
import type { NewReferrer } from '@leadwire/shared/delivery/referral-codes';

const LONGEST_NAME = 200;

/** The first field that cannot be used is `wrong`. An empty code is none. */
export function readNewReferrer(given: {
  name: string;
  email: string;
  phone: string;
  code: string;
}): NewReferrer | { wrong: 'name' | 'email' | 'phone' | 'code' } {
  const name = given.name.replace(/\s+/g, ' ').trim().slice(0, LONGEST_NAME);
  if (name === '') return { wrong: 'name' };
  const { email, issue: mailIssue } = readEmail(given.email);
  if (email === null || mailIssue === 'email_invalid') return { wrong: 'email' };
  const { phone, issue } = readPhone(given.phone);
  if (phone === null || issue) return { wrong: 'phone' };
  const wish = given.code.trim();
  const code = wish === '' ? undefined : readReferralCode(wish);
  if (wish !== '' && code === undefined) return { wrong: 'code' };
  return { name, email, phone, code };
}
