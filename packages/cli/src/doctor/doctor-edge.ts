/** What the world sees of this installation: asked under its public address, as a stranger would. */
import { toError } from '@leadwire/shared/errors';
import { examined, type Check, type Finding } from './finding.ts';

const TIMEOUT_MS = 10_000;
/** Addresses that are for inside: none of them may answer a stranger, not even with a refusal of its own. */
const INSIDE = ['/metrics', '/readyz', '/docs', '/api/landing/leads/0/status', '/api/forms/x/test'];
const WHAT = 'edge';
const REMEDY = 'let the proxy pass what deploy/Caddyfile passes, or use the profile edge';

/** Off where the public address is this machine’s own, as in a trial. */
export const checkEdge: Check = async ({ PUBLIC_BASE_URL: url }) => {
  if (url === undefined)
    return [{ state: 'off', what: WHAT, detail: 'not configured (PUBLIC_BASE_URL)' }];
  if (!url.startsWith('https:')) {
    return [{ state: 'off', what: WHAT, detail: `${url} is not looked at from outside: no https` }];
  }
  return examined(WHAT, async () => {
    const form = await ask(`${url}/api/landing/proftest`, { method: 'OPTIONS' });
    if (form instanceof Error) {
      const remedy = 'the name has to lead here, ports 80 and 443 be open, the certificate valid';
      return [
        {
          state: 'broken',
          what: WHAT,
          detail: `${url} cannot be reached: ${form.message}`,
          remedy,
        },
      ];
    }
    const open = await Promise.all(
      INSIDE.map(async (path) => ({ path, answer: await ask(url + path) })),
    );
    const seen = open.filter(({ answer }) => answer instanceof Response && answer.status !== 404);
    return [...exposures(seen.map(({ path }) => path)), transport(form), await plain(url)].flat();
  });
};

function exposures(paths: readonly string[]): Finding[] {
  if (paths.length === 0)
    return [{ state: 'ok', what: WHAT, detail: 'only what strangers need answers' }];
  const detail = `strangers reach ${paths.join(', ')}`;
  return [{ state: 'warning', what: WHAT, detail, remedy: REMEDY }];
}

function transport(answer: Response): Finding[] {
  if (answer.headers.has('strict-transport-security')) return [];
  const detail = 'no Strict-Transport-Security: browsers may come over http again';
  return [{ state: 'warning', what: WHAT, detail, remedy: REMEDY }];
}

/** Over http nothing may be served: it leads to https, or does not answer. */
async function plain(url: string): Promise<Finding[]> {
  const answer = await ask(`${url.replace('https:', 'http:')}/api/landing/proftest`, {
    method: 'OPTIONS',
  });
  if (answer instanceof Error || !answer.ok) return [];
  return [
    { state: 'warning', what: WHAT, detail: 'forms are taken over http too', remedy: REMEDY },
  ];
}

async function ask(url: string, init: RequestInit = {}): Promise<Response | Error> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(url, { redirect: 'manual', ...init, signal });
    await answer.body?.cancel();
    return answer;
  } catch (thrown) {
    // fetch says only that it failed; why is the cause.
    const { cause } = thrown as { cause?: unknown };
    return toError(cause ?? thrown);
  }
}
