/**
 * The shape of a provider. Each one is a folder that makes one of these: an answer to a request, its settings,
 * its faults for the page and its tab. The server plays the transport and the faults; a provider never sees a socket.
 */
import type { FastifyInstance } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from 'pino';
import type { Html } from '../pages/html.ts';
import type { Clock } from './clock.ts';
import type { Effects } from './effects.ts';
import type { FaultPoint, NewFaultRule } from './faults.ts';
import type { Random } from './random.ts';
import type { Store } from './store.ts';
import type { WebhookSender } from './webhooks.ts';

/** What every provider is given. */
export type World = {
  clock: Clock;
  random: Random;
  store: Store;
  effects: Effects;
  webhooks: WebhookSender;
  log: Logger;
  /** Tells open pages that there is something new to show. */
  changed: () => void;
};

export type ProviderRequest = {
  method: string;
  /** Below the provider's prefix, starting with a slash, without the query. */
  path: string;
  /** Without the question mark. */
  query: string;
  headers: IncomingHttpHeaders;
  /** By the sandbox's clock, in Unix milliseconds. */
  arrivedAt: number;
  body: Buffer;
  /**
   * Called by the provider when the work reaches this point: a fault may delay it or cut it short
   * (it then throws FaultCutError, which the provider lets through).
   */
  pass(point: FaultPoint): Promise<void>;
};

export type ProviderAnswer = {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** True when the provider did what was asked: only then do `effect-then-…` faults strike. */
  accepted: boolean;
};

/** A fault ended the call early: with this answer, or without any. */
export class FaultCutError extends Error {
  override readonly name = 'FaultCutError';
  readonly answer: ProviderAnswer | null;
  constructor(answer: ProviderAnswer | null) {
    super('cut short by a fault rule');
    this.answer = answer;
  }
}

/** A fault that a person switches on at the page, in the marketer's words. */
export type FaultPreset = { id: string; title: string; hint: string; rule: NewFaultRule };

/** What a provider shows of itself. Everything is made with `html`, which escapes. */
export type ProviderPage = {
  /** The tab's name and the number beside it. */
  title: string;
  count(): number;
  /** A line under the tabs: balance, quota. */
  summary(): Html;
  /** The list, newest first. `selected` is the id that is open; `words` is what is searched for, or nothing. */
  list(selected?: string, words?: string): Html;
  /** What the field of the search says; without it there is none. */
  searchFor?: string;
  /** One item in full, or undefined when there is none with this id. */
  item(id: string): Html | undefined;
};

export type Provider = {
  name: string;
  answer(request: ProviderRequest): Promise<ProviderAnswer>;
  /** How this provider words a failure of its own infrastructure. */
  failure(status: number): ProviderAnswer;
  /** What can be changed while it runs; `change` throws a ZodError for values it cannot use. */
  settings: { read(): unknown; change(patch: unknown): unknown };
  presets: FaultPreset[];
  page: ProviderPage;
  /** Control routes of its own, under `/__sim/<name>`. */
  control?(app: FastifyInstance): void;
  /** Takes up what a former process left unfinished. Called once, after the store was read. */
  resume(): void;
  /** Forgets what it keeps outside the store and goes back to the settings it was started with. */
  reset(): void;
};
