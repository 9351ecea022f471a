/** Which numbers an SMS is paid for. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** Some countries do not tell their kinds of numbers apart: what may be a mobile one counts as one. */
const MOBILE = ['MOBILE', 'FIXED_LINE_OR_MOBILE'];

/**
 * Whether an E.164 number is a mobile one of these countries (ISO 3166-1, two letters). Satellites, premium and toll
 * numbers have a country or a kind of their own and are none.
 */
export function isMobileOf(phone: string, countries: readonly string[]): boolean {
  const number = parsePhoneNumberFromString(phone);
  if (!number?.isValid() || number.country === undefined) return false;
  return countries.includes(number.country) && MOBILE.includes(number.getType() ?? '');
}
