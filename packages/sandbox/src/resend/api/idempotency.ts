import { createHash } from 'node:crypto';
import type { ProviderAnswer } from '../../world/provider.ts';
import type { Store, Table } from '../../world/store.ts';
import { ResendError } from './answers.ts';
import type { ResendSettings } from '../lifecycle/settings.ts';

type KeyRow = {
  key: string;
  hash: string;
  /** `running`: the first request has not answered yet. `crashed`: it took effect and will never answer. */
  state: 'running' | 'crashed' | 'done';
  answer: ProviderAnswer | null;
  createdAt: number;
  /** When a crashed request's result becomes readable. */
  recoveredAt: number;
};

/** A key is kept for 24 hours, then forgotten: a replay on hour 25 sends again (docs "Idempotency Keys"). */
const KEPT_MS = 24 * 3600 * 1000;

const CONCURRENT = 'Same idempotency key used while original request is still in progress.';
const OTHER_PAYLOAD = 'Same idempotency key used with a different request payload.';

/** The keys of the team. Running keys live in memory, finished ones in the store. */
export class Idempotency {
  readonly #kept: Table<KeyRow>;
  readonly #running = new Map<string, KeyRow>();
  readonly #settings: () => ResendSettings;
  readonly #now: () => number;

  constructor(store: Store, settings: () => ResendSettings, now: () => number) {
    this.#kept = store.table('resend-idempotency');
    this.#settings = settings;
    this.#now = now;
  }

  /**
   * Looks the key up before anything happens: the stored answer, or null when the caller may go on (the key is
   * then marked as running). Throws the two 409s.
   */
  begin(key: string, hash: string): ProviderAnswer | null {
    const row = this.#find(key);
    if (row === undefined) {
      const createdAt = this.#now();
      this.#running.set(key, {
        key,
        hash,
        state: 'running',
        answer: null,
        createdAt,
        recoveredAt: 0,
      });
      return null;
    }
    if (row.hash !== hash) throw new ResendError(409, 'invalid_idempotent_request', OTHER_PAYLOAD);
    const isRecovered = row.state === 'crashed' && this.#now() >= row.recoveredAt;
    if ((row.state === 'done' || isRecovered) && row.answer !== null) return row.answer;
    throw new ResendError(409, 'concurrent_idempotent_requests', CONCURRENT);
  }

  /**
   * To be called in the same transaction as the effect. The row is on disk as `done`, so that a killed process
   * never sends twice; in this process the key stays running until the answer is stored.
   */
  effectHappened(key: string, answer: ProviderAnswer): void {
    const row = this.#running.get(key);
    if (row === undefined || this.#settings().crashAllowsSecondEffect) return;
    this.#kept.put(key, { ...row, state: 'done', answer });
  }

  /** The first request is over. */
  finish(key: string, answer: ProviderAnswer): void {
    const row = this.#running.get(key);
    if (row === undefined) return;
    this.#running.delete(key);
    this.#kept.put(key, { ...row, state: 'done', answer });
  }

  /** The first request died after its effect, before its answer was stored. */
  crash(key: string): void {
    const row = this.#kept.get(key);
    this.#running.delete(key);
    if (row === undefined) return;
    const recoveredAt = this.#now() + this.#settings().crashRecoveryMs;
    this.#kept.put(key, { ...row, state: 'crashed', recoveredAt });
  }

  /** The first request had no effect: the key is free again. */
  release(key: string): void {
    this.#running.delete(key);
  }

  reset(): void {
    this.#running.clear();
  }

  #find(key: string): KeyRow | undefined {
    const row = this.#running.get(key) ?? this.#kept.get(key);
    if (row === undefined || this.#now() - row.createdAt < KEPT_MS) return row;
    this.#running.delete(key);
    this.#kept.remove(key);
    return undefined;
  }
}

/** Checks the header; undefined when there is none. Throws 400 for a key that is empty or too long. */
export function readIdempotencyKey(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  const key = Array.isArray(header) ? header.join(',') : header;
  if (key.length >= 1 && key.length <= 256) return key;
  throw new ResendError(400, 'invalid_idempotency_key', 'The key must be between 1-256 chars.');
}

/** What makes two payloads the same: path and raw bytes. Canonicalisation is undocumented, so none is done. */
export function hashPayload(path: string, body: Buffer): string {
  return createHash('sha256').update(path).update('\n').update(body).digest('hex');
}
