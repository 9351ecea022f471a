/**
 * People who fill in forms, and browsers that do not give up: each submission has its own idempotency key and is
 * repeated under it until it is answered. Whatever was answered 201 or 200 is written down as accepted.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../random.ts';

/** One answer that promised a lead. */
export interface Accepted {
  key: string;
  leadId: string;
}

export interface Load {
  /** Answers so far, repeats included. */
  readonly accepted: readonly Accepted[];
  /** Answers that no well-formed submission should get, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Submissions that were begun. */
  readonly begun: number;
  /** Contacts of people who came more than once, as they were typed and, phones, in digits alone. */
  readonly shared: ReadonlySet<string>;
  /** People who wait for their answer at this moment. */
  readonly waiting: number;
  /** Answers 5xx, timeouts and broken connections that were met with a repeat. */
  readonly repeats: number;
  /** No new people for as long as it is true. */
  pause(isPaused: boolean): void;
  /** No new people; resolves when all who came have their answer. */
  finish(): Promise<void>;
  /** Everybody goes away, answered or not. */
  abandon(): void;
}

export interface LoadOptions {
  /** Where the forms post to; asked anew for each attempt. */
  addresses: () => readonly string[];
  leadsPerSecond: number;
  /** The share of people who have been here before, with the same contacts. */
  comingBack?: number;
  random: Random;
}

const ANSWER_TIMEOUT_MS = 20_000;
const REPEAT_AFTER_MS = 200;
/** The share of people who press the button again after their 201. */
const SECOND_CLICKS = 0.05;
/** The share of submissions that reach both processes at the same moment. */
const DOUBLE_CLICKS = 0.05;

interface Submission {
  key: string;
  path: string;
  body: string;
}

/** Begins at once. */
export function startLoad({
  addresses,
  leadsPerSecond,
  comingBack = 0,
  random,
}: LoadOptions): Load {
  const accepted: Accepted[] = [];
  const refused: Record<string, number> = {};
  const open = new Set<Promise<void>>();
  const people: Contacts[] = [];
  const shared = new Set<string>();
  const run = random.int(0, 0xffff).toString(16);
  let begun = 0;
  let repeats = 0;
  let isPaused = false;
  let isOver = false;
  let isAbandoned = false;

  const attempt = async ({ key, path, body }: Submission, nth: number): Promise<boolean> => {
    const hosts = addresses();
    const response = await fetch(`${hosts[nth % hosts.length] ?? ''}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    if (response.status === 200 || response.status === 201) {
      const { leadId } = (await response.json()) as { leadId: string };
      accepted.push({ key, leadId });
      return true;
    }
    await response.arrayBuffer();
    if (response.status >= 500) return false;
    refused[response.status] = (refused[response.status] ?? 0) + 1;
    return true;
  };

  const submit = async (submission: Submission, start: number): Promise<void> => {
    for (let nth = start; !isAbandoned; nth += 1) {
      if (await attempt(submission, nth).catch(() => false)) return;
      repeats += 1;
      await delay(REPEAT_AFTER_MS);
    }
  };

  const nextContacts = (): Contacts => {
    if (comingBack > 0 && people.length > 0 && random.chance(comingBack)) {
      const known = random.pick(people);
      for (const contact of Object.values(known)) shared.add(contact).add(contact.replace('+', ''));
      return known;
    }
    const contacts = newContacts(random, run, numberOf(begun));
    people.push(contacts);
    return contacts;
  };

  const come = async (): Promise<void> => {
    const contacts = nextContacts();
    const submission = nextSubmission(random, `${run}-${numberOf(begun)}`, contacts);
    begun += 1;
    const [clicksAgain, isDouble] = [random.chance(SECOND_CLICKS), random.chance(DOUBLE_CLICKS)];
    const host = random.int(0, 1);
    const first = submit(submission, host);
    if (isDouble) await submit(submission, host + 1);
    await first;
    if (clicksAgain) await submit(submission, host + 1);
  };

  const flow = async (): Promise<void> => {
    while (!isOver) {
      if (!isPaused) {
        const person = come().finally(() => open.delete(person));
        open.add(person);
      }
      // Poisson arrivals: people do not come in step.
      await delay((-Math.log(1 - random.next()) / leadsPerSecond) * 1_000);
    }
  };
  const flowing = flow();

  return {
    accepted,
    refused,
    shared,
    get begun() {
      return begun;
    },
    get waiting() {
      return open.size;
    },
    get repeats() {
      return repeats;
    },
    pause: (value) => (isPaused = value),
    abandon: () => (isOver = isAbandoned = true),
    async finish() {
      isOver = true;
      await flowing;
      await Promise.all(open);
    },
  };
}

type Contacts = { email?: string; phone?: string };

const numberOf = (index: number): string => String(index).padStart(7, '0');

/** Contacts that nobody else in the run has; a few people leave only one, or one that cannot be used. */
function newContacts(random: Random, run: string, number: string): Contacts {
  const email = `person-${run}-${number}@mail.leadwire-chaos.kz`;
  const phone = `+7705${number}`;
  return random.chance(0.95)
    ? { email, phone }
    : random.pick([{ email }, { phone }, { email, phone: `+77${number}` }]);
}

function nextSubmission(random: Random, key: string, contacts: Contacts): Submission {
  const isPurchase = random.chance(0.3);
  const path = isPurchase ? '/api/landing/submit' : '/api/landing/proftest/chaos';
  const more = isPurchase ? { paymentMethod: 'kaspi' } : { answers: { result: 'Аналитик данных' } };
  const body = { name: 'Айгерим', ...contacts, ...more, utm_source: 'chaos' };
  return { key, path, body: JSON.stringify(body) };
}
