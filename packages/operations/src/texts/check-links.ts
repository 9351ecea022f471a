/** Asks the links of a text whether anybody is there: a page that answers 404 is the dearest mistake of a campaign. */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { TextFinding } from '@leadwire/templates/own-texts/check-text';

const PATIENCE_MS = 5_000;
/** For all links of one text together. */
const ALL_PATIENCE_MS = 12_000;
const MOST_LINKS = 40;
const AT_ONCE = 5;
const MOST_HOPS = 5;

// Whoever writes a text may not look around our own network by it: loopback, private and link-local addresses, and
// those that carriers keep to themselves (RFC 1918, 3927, 4193, 6598).
const ours = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const)
  ours.addSubnet(net, bits);
for (const [net, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  ours.addSubnet(net, bits, 'ipv6');

export interface LinkCheckOptions {
  /** For tests: hosts of our own network may be asked, too. */
  isOwnNetworkAsked?: boolean;
  patienceMs?: number;
}

/** What is wrong with each address; those that answer well are not in it. Never throws. */
export async function checkLinks(
  addresses: readonly string[],
  { isOwnNetworkAsked = false, patienceMs = PATIENCE_MS }: LinkCheckOptions = {},
): Promise<TextFinding[]> {
  const end = AbortSignal.timeout(ALL_PATIENCE_MS);
  const waiting = addresses.slice(0, MOST_LINKS);
  const found: (TextFinding | undefined)[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const signal = AbortSignal.any([end, AbortSignal.timeout(patienceMs)]);
      found.push(await checkLink(next, signal, isOwnNetworkAsked));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return found.filter((each) => each !== undefined);
}

async function checkLink(
  address: string,
  signal: AbortSignal,
  isOwnNetworkAsked: boolean,
): Promise<TextFinding | undefined> {
  try {
    let url = new URL(address);
    for (let hop = 0; hop <= MOST_HOPS; hop += 1) {
      if (!isOwnNetworkAsked && (await isOurs(url))) return undefined;
      const answer = await fetch(url, { signal, redirect: 'manual' });
      await answer.body?.cancel();
      const target = answer.headers.get('location');
      if (answer.status < 300 || answer.status >= 400 || target === null)
        return judge(address, answer.status);
      url = new URL(target, url);
    }
    return { level: 'mend', what: 'link_loops', words: `${address}: перенаправляет без конца.` };
  } catch {
    const words = `${address}: никто не отвечает. Проверьте адрес и открывается ли страница.`;
    return { level: 'mend', what: 'link_silent', words };
  }
}

function judge(address: string, status: number): TextFinding | undefined {
  if (status === 404 || status === 410) {
    return {
      level: 'stop',
      what: 'link_404',
      words: `${address}: такой страницы нет (${status}).`,
    };
  }
  // Sites that keep robots out answer so, and people all the same.
  if (status < 400 || [401, 403, 405, 429, 999].includes(status)) return undefined;
  return {
    level: 'mend',
    what: 'link_fails',
    words: `${address}: страница отвечает ошибкой ${status}.`,
  };
}

/** Whether a host is in our own network; one that nobody knows is told by the request itself. */
async function isOurs({ hostname }: URL): Promise<boolean> {
  const host = hostname.replace(/^\[|\]$/g, '');
  const found = isIP(host)
    ? [{ address: host }]
    : await lookup(host, { all: true }).catch(() => []);
  return found.some(({ address }) => ours.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'));
}
