/** Typing mistakes in the domains that people here have their mail at. */
import { run as checkSpelling } from '@zootools/email-spell-checker';

/** What a mistake is compared with. Labels under four letters are near to everything: not here. */
const POPULAR = [
  'gmail.com',
  'mail.ru',
  'inbox.ru',
  'list.ru',
  'internet.ru',
  'yandex.ru',
  'yandex.kz',
  'yandex.com',
  'rambler.ru',
  'icloud.com',
  'outlook.com',
  'hotmail.com',
  'yahoo.com',
  'mail.kz',
  'protonmail.com',
];

/** Real mail domains that look like a mistake in one of the above, or are too short to compare. */
const REAL = new Set([
  ...POPULAR,
  'bk.ru',
  'ya.ru',
  'vk.com',
  'me.com',
  'mac.com',
  'live.com',
  'live.ru',
  'mail.ua',
  'mail.com',
  'email.com',
  'email.kz',
  'ymail.com',
  'yandex.by',
  'yandex.uz',
  'yandex.ua',
  'hotmail.ru',
  'lists.ru',
  'proton.me',
  'googlemail.com',
]);

/** Right name, wrong country: too far apart for a comparison of letters. */
const WRONG_COUNTRY: Readonly<Record<string, string>> = {
  'gmail.ru': 'gmail.com',
  'gmail.kz': 'gmail.com',
  'gmail.com.kz': 'gmail.com',
  'icloud.ru': 'icloud.com',
  'icloud.kz': 'icloud.com',
};

/**
 * The popular domain that `domain` (lower case) is one slip of a finger away from, or undefined.
 * The library's own measure takes `gamil.com` for right and `rail.kz` for wrong, so it is given a
 * stricter one, and its guessing of endings is off: companies here have addresses of every ending.
 */
export function suggestDomain(domain: string): string | undefined {
  if (REAL.has(domain)) return undefined;
  if (Object.hasOwn(WRONG_COUNTRY, domain)) return WRONG_COUNTRY[domain];
  const suggestion = checkSpelling({
    email: `someone@${domain}`,
    domains: POPULAR,
    domainThreshold: 1,
    secondLevelDomains: [],
    topLevelDomains: [],
    distanceFunction: slips,
  });
  return suggestion?.domain;
}

/**
 * 1 when one letter was added, left out, replaced or swapped with the next; otherwise Infinity. The
 * first letter counts as meant: `rail.kz` and `nail.ru` are companies.
 */
function slips(typed: string, meant: string): number {
  if (typed[0] !== meant[0]) return Infinity;
  let start = 0;
  while (start < meant.length && typed[start] === meant[start]) start += 1;
  const [a, b] = [typed.slice(start), meant.slice(start)];
  const isOneSlip =
    a.slice(1) === b ||
    a === b.slice(1) ||
    a.slice(1) === b.slice(1) ||
    (a.slice(2) === b.slice(2) && a[0] === b[1] && a[1] === b[0]);
  return isOneSlip ? 1 : Infinity;
}
