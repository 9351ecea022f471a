/** Who opens a link without being a person. */
import { describe, expect, test } from 'vitest';
import { isByPerson, isTooSoon } from '../src/links/programs.ts';

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1';

describe('a click', () => {
  test.each([
    IPHONE,
    'Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 350.0.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 YaBrowser/26.1 Safari/537.36',
  ])('of %s is a person’s', (agent) => {
    expect(isByPerson({ method: 'GET', headers: { 'user-agent': agent } })).toBe(true);
  });

  test.each([
    'WhatsApp/2.23.20.0 A',
    'facebookexternalhit/1.1',
    'Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)',
    'Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/142.0 Safari/537.36',
    'Barracuda Sentinel (EE)',
    'python-requests/2.32',
    'Go-http-client/2.0',
    '',
  ])('of %j is a program’s', (agent) => {
    expect(isByPerson({ method: 'GET', headers: { 'user-agent': agent } })).toBe(false);
  });

  test.each([
    ['HEAD', {}],
    ['GET', { 'sec-purpose': 'prefetch' }],
    ['GET', { purpose: 'preview' }],
    ['GET', { 'x-moz': 'prefetch' }],
  ])('by %s with %j is a program’s, whatever it calls itself', (method, headers) => {
    expect(isByPerson({ method, headers: { 'user-agent': IPHONE, ...headers } })).toBe(false);
  });
});

describe('a message', () => {
  const at = new Date('2026-11-29T10:00:02.000Z');

  test.each([
    [{ state: 'planned' }, true],
    [{ state: 'sending', lastClaimAt: '2026-11-29T10:00:00.500Z' }, true],
    [{ state: 'sent', lastClaimAt: '2026-11-29T10:00:00.500Z' }, true],
    [{ state: 'sent', lastClaimAt: '2026-11-29T10:00:00.000Z' }, false],
    [{ state: 'unknown', lastClaimAt: '2026-11-29T09:59:00.000Z' }, false],
  ])('as %j is opened too soon for a person: %j', (entry, expected) => {
    expect(isTooSoon(entry, at)).toBe(expected);
  });
});
