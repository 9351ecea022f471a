/** People who send forms, and what the providers did for them in the end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { connectSandbox } from '@leadwire/sandbox/control-client';

/** Limits wide enough that the stack's own speed is seen, not the providers'. */
export const FAST = {
  NOTIFY_DELAY_MS: '1000',
  RATE_LIMIT_PER_MINUTE: '100000',
  FLOOD_LEADS_PER_MINUTE: '100000',
  RESEND_RATE_PER_SECOND: '50',
  SANDBOX_RESEND_RATE_PER_SECOND: '60',
  MOBIZON_RATE_PER_SECOND: '20',
  SANDBOX_MOBIZON_RATE_PER_SECOND: '60',
  SANDBOX_MOBIZON_BALANCE: '1000000',
  SMS_BUDGET_PER_HOUR: '0',
  SMS_BUDGET_PER_DAY: '0',
};

export interface Load {
  /** The leads that were answered 201. */
  accepted: { leadId: string; email: string; phone: string }[];
  /** Every other answer, and every request that got none, in words. */
  refused: string[];
  /** Takes no more orders and waits for the answers under way. */
  stop(): Promise<void>;
}

type People = readonly { email: string; phone: string }[];

const WORKERS = 4;

/** Sends a form every `everyMs` from four people at once, up to `most`, until `stop`. No form is sent again. */
export function startLoad(
  apiUrl: string,
  { everyMs, most, from = 0 }: { everyMs: number; most: number; from?: number },
): Load {
  const load: Pick<Load, 'accepted' | 'refused'> = { accepted: [], refused: [] };
  const over = new AbortController();
  let next = 0;
  const sendOne = async (n: number): Promise<void> => {
    const person = {
      email: `lead${n}@mail.leadwire-sample.kz`,
      phone: `+7705${String(1_000_000 + n)}`,
    };
    try {
      const answer = await fetch(`${apiUrl}/api/landing/proftest`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'Дана', ...person }),
        signal: AbortSignal.timeout(30_000),
      });
      const said = await answer.text();
      if (answer.status === 201) {
        const { leadId } = JSON.parse(said) as { leadId: string };
        load.accepted.push({ leadId, ...person });
      } else load.refused.push(`${answer.status} ${said}`);
    } catch (thrown) {
      load.refused.push(String((thrown as Error).cause ?? thrown));
    }
  };
  const work = async (): Promise<void> => {
    while (!over.signal.aborted && next < most) {
      const startedAt = Date.now();
      await sendOne(from + next++);
      const rest = Math.max(0, everyMs * WORKERS - (Date.now() - startedAt));
      await delay(rest, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const finished = Promise.all(Array.from({ length: WORKERS }, work));
  return {
    ...load,
    async stop() {
      over.abort();
      await finished;
    },
  };
}

export interface Effects {
  mails: number;
  sms: number;
  /** Accepted people whom a mail or an SMS did not reach, and addresses that got more than one. */
  missed: string[];
  doubled: string[];
}

const LOOK_MS = 2_000;
/** Of one answer: a mail is 20 kB. */
const MOST_EFFECTS = 500;

type Sandbox = Pick<ReturnType<typeof connectSandbox>, 'effects'>;

/**
 * Waits until every accepted lead has its mail and its SMS.
 * @throws with what is missing when that takes longer than `timeoutMs`.
 */
export async function untilSent(
  sandbox: Sandbox,
  accepted: People,
  timeoutMs: number,
): Promise<Effects> {
  const deadline = Date.now() + timeoutMs;
  const look = watchEffects(sandbox);
  for (;;) {
    const effects = await look(accepted);
    if (effects.missed.length === 0) return effects;
    if (Date.now() > deadline) {
      throw new Error(`not reached: ${effects.missed.length}, among them ${effects.missed[0]}`);
    }
    await delay(LOOK_MS);
  }
}

/** What the providers did for the people, looked at again and again: a look moves what is new since the last. */
export function watchEffects(sandbox: Sandbox): (people: People) => Promise<Effects> {
  const counts = new Map<string, number>();
  const seen = { mail: 0, sms: 0 };
  const last = { mail: 0, sms: 0 };
  const take = async (kind: 'mail' | 'sms'): Promise<void> => {
    const some = await sandbox.effects({ kind, after: last[kind], most: MOST_EFFECTS });
    for (const { to, sequence } of some) {
      last[kind] = sequence;
      seen[kind] += 1;
      for (const address of to) counts.set(digits(address), (counts.get(digits(address)) ?? 0) + 1);
    }
    if (some.length === MOST_EFFECTS) await take(kind);
  };
  return async (people) => {
    await Promise.all([take('mail'), take('sms')]);
    const wanted = people.flatMap(({ email, phone }) => [email, digits(phone)]);
    return {
      mails: seen.mail,
      sms: seen.sms,
      missed: wanted.filter((address) => !counts.has(address)),
      doubled: [...counts].filter(([, count]) => count > 1).map(([address]) => address),
    };
  };
}

const digits = (address: string) => address.replace(/^\+/, '');
