/**
 * Tells when a provider has not answered for more than a minute, once for all processes, and once when it does again.
 * The state is in the broker, so that a restart neither forgets an outage nor begins one.
 */
import { z } from 'zod';
import type { Bus } from '../broker/bus.ts';
import { AmbiguousError, TransientError, toError } from '../errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Alerts } from './alerts.ts';
import { changeKey } from './kv.ts';

const ALERT = 'provider_down';
const AFTER_MS = 60_000;
/** Failures that are no accident. */
const FAILURES = 3;
/** A failure after such a silence begins a new row: of the time between nobody knows. */
const SILENCE_MS = 5 * 60_000;
const CONTEST = { tries: 20, busy: 'somebody else was faster every time' };

/** By the provider's name: what does not happen while it is away. */
const PROVIDERS: Readonly<Record<string, string>> = {
  resend: 'Resend не принимает письма',
  mailgun: 'Mailgun не принимает письма',
  mobizon: 'Mobizon не принимает SMS',
  amocrm: 'AmoCRM не отвечает (сделки ждут)',
  'supabase-landing': 'База данных заявок не отвечает (новые заявки пока не видны в консоли)',
  'supabase-tripwire': 'База данных платформы не отвечает (строки о заявках ждут)',
};

const outageSchema = z.object({
  since: z.number(),
  at: z.number(),
  failures: z.number().int(),
  isTold: z.boolean(),
});
const stateSchema = z.record(z.string(), outageSchema);
type State = z.infer<typeof stateSchema>;
/** All providers under one key, because one alert tells of all of them. */
const KEY = { bucket: 'limits', key: 'outages', schema: stateSchema.catch({}) } as const;

export interface Outages {
  /** The call itself; how it went is noted, and whether that could be noted changes nothing. */
  observe<T>(provider: string, call: () => Promise<T>): Promise<T>;
}

export interface OutagesOptions {
  bus: Pick<Bus, 'bucket'>;
  alerts: Pick<Alerts, 'raise' | 'report' | 'resolve'>;
  log: Pick<Log, 'warn'>;
  now?: () => number;
}

export function createOutages({ bus, alerts, log, now = Date.now }: OutagesOptions): Outages {
  /** Providers that this process knows to work: their successes are no news. */
  const works = new Set<string>();

  /** Undefined from `next` leaves the state, and is returned. */
  const change = async (next: (state: State) => State | undefined): Promise<State | undefined> =>
    (await changeKey(bus, KEY, (state) => next(state ?? {}), CONTEST)).written;

  const noted = (work: () => Promise<void>): Promise<void> =>
    work().catch((thrown: unknown) =>
      log.warn({ err: toError(thrown) }, 'how a provider does was not noted'),
    );

  const textOf = (state: State): string => {
    const lines = Object.entries(state)
      .filter(([, { isTold }]) => isTold)
      .map(([name, { since }]) => {
        const minutes = Math.max(1, Math.round((now() - since) / 60_000));
        return `${PROVIDERS[name] ?? name} уже ${minutes} мин.`;
      });
    return `${lines.join(' ')} Ничего не потеряно: всё уйдёт само, когда сервис ответит. Если это надолго, посмотрите страницу состояния сервиса и напишите в его поддержку.`;
  };

  const failed = async (name: string): Promise<void> => {
    works.delete(name);
    let isNew = false;
    const state = await change((before) => {
      const known = before[name];
      const isRow = known !== undefined && now() - known.at <= SILENCE_MS;
      const { since = now(), failures = 0 } = isRow ? known : {};
      const isDown = failures + 1 >= FAILURES && now() - since > AFTER_MS;
      isNew = isDown && known?.isTold !== true;
      const isTold = isDown || known?.isTold === true;
      return { ...before, [name]: { since, at: now(), failures: failures + 1, isTold } };
    });
    if (!isNew || !state) return;
    const alert = { severity: 'critical', what: ALERT, message: textOf(state) } as const;
    const others = Object.keys(state).filter((each) => each !== name && state[each]?.isTold);
    if (others.length === 0) await alerts.raise(alert);
    else await alerts.report(alert, `${ALERT}:${name}:${state[name]?.since}`);
  };

  const succeeded = async (name: string, startedAt: number): Promise<void> => {
    if (works.has(name)) return;
    let wasTold = false;
    const state = await change((before) => {
      const known = before[name];
      // What began before the first failure says nothing about how things are now.
      if (known === undefined || startedAt < known.since) return undefined;
      wasTold = known.isTold;
      return Object.fromEntries(Object.entries(before).filter(([each]) => each !== name));
    });
    works.add(name);
    const isAllWell = state !== undefined && Object.values(state).every(({ isTold }) => !isTold);
    if (wasTold && isAllWell) {
      await alerts.resolve(ALERT, 'Сервис снова отвечает: то, что ждало, уже идёт.');
    }
  };

  return {
    async observe(name, call) {
      const startedAt = now();
      try {
        const result = await call();
        await noted(() => succeeded(name, startedAt));
        return result;
      } catch (thrown) {
        if (isOutage(thrown)) await noted(() => failed(name));
        throw thrown;
      }
    },
  };
}

/** It does not answer, or answers that it cannot. Whoever says how long to wait is there. */
function isOutage(thrown: unknown): boolean {
  if (!(thrown instanceof TransientError) || !thrown.outage) return false;
  return thrown instanceof AmbiguousError || thrown.retryAfterMs === undefined;
}
