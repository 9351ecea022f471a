/**
 * Whether Resend takes mail, as all notifiers together have seen it. It counts as down after at least three requests
 * in a row without success over `MAIL_FALLBACK_AFTER_MS`; from then on new mails are Mailgun's until a mail has gone
 * out through Resend again. The state is in the broker, so that a restart neither forgets an outage nor begins one.
 */
import type { Bus } from '@leadwire/shared/broker/bus';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { changeKey, readKey, type Key } from '@leadwire/shared/coordination/kv';
import { orOutage, toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import { z } from 'zod';

export const ALERT = 'mail_fallback';
/** Failures in a row that are no accident. */
const FAILURES = 3;
/** A failure after such a silence begins a new row: of the time between nobody knows. */
const SILENCE_MS = 5 * 60_000;
/** What a process knows of the others' state may be this old: mails are not to cost a look each. */
const FRESH_MS = 500;
const SHORTEST_PROBE_GAP_MS = 200;
const LONGEST_PROBE_GAP_MS = 30_000;
const CONTEST = { tries: 20, busy: 'the state of Resend: somebody else was faster every time' };

const stateSchema = z.object({
  failingSince: z.iso.datetime(),
  failedAt: z.iso.datetime(),
  failures: z.number().int(),
  /** `stopped`: refused for key, domain or quota; nothing that is tried then can have arrived. */
  kind: z.enum(['failing', 'stopped']),
  isDown: z.boolean(),
  probedAt: z.iso.datetime().optional(),
});
type State = z.infer<typeof stateSchema>;
const KEY: Key<State | undefined> = {
  bucket: 'limits',
  key: 'resend_health',
  schema: stateSchema.optional().catch(undefined),
};

export interface MailFallback {
  /**
   * Whether a mail that nobody has tried is to go to Resend. While Resend is down that is one mail now and then, and
   * only when Resend answers a request that cannot send anything, or has refused what it was given for sure.
   */
  isResendsTurn(): Promise<boolean>;
  /** While Resend is down it is asked so often, in milliseconds, by all processes together. */
  readonly probeGapMs: number;
  /** How long a mail that Resend may have is to wait before Resend is asked again; 0 when it may be asked now. */
  askAgainInMs(): Promise<number>;
  /** A request that began at `startedAt` (Unix milliseconds) was taken. Never throws: the mail is out. */
  succeeded(startedAt: number): Promise<void>;
  /** A request was not taken, or nobody knows. True when Resend counts as down now. Never throws. */
  failed(kind: State['kind']): Promise<boolean>;
}

export interface MailFallbackOptions {
  bus: Pick<Bus, 'bucket'>;
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
  /** Whether Resend answers a request to send that cannot send anything. */
  ping: () => Promise<boolean>;
  afterMs: number;
  log: Log;
  now?: () => number;
}

/** @throws TransientError from the two questions when the broker does not answer. */
export function createMailFallback(options: MailFallbackOptions): MailFallback {
  const { bus, alerts, ping, afterMs, log, now = Date.now } = options;
  const probeGapMs = Math.max(SHORTEST_PROBE_GAP_MS, Math.min(LONGEST_PROBE_GAP_MS, afterMs / 4));
  const silenceMs = Math.max(SILENCE_MS, afterMs);
  let seen: { state: State | undefined; at: number } | undefined;
  let isKnownToWork = false;

  const saw = (state: State | undefined): State | undefined => {
    seen = { state, at: now() };
    return state;
  };

  const recent = async (): Promise<State | undefined> =>
    seen && now() - seen.at < FRESH_MS ? seen.state : saw(await readKey(bus, KEY));

  /** Undefined from `next` changes nothing. Returns what stands there now. */
  const change = async (next: (state: State | undefined) => State | undefined) => {
    const { before, written } = await changeKey<State | undefined>(bus, KEY, next, CONTEST);
    return { state: saw(written ?? before), isOurs: written !== undefined };
  };

  const iso = (at: number) => new Date(at).toISOString();
  const msSince = (time: string | undefined) => now() - Date.parse(time ?? iso(0));

  const afterFailure = (state: State | undefined, kind: State['kind']): State => {
    const isRow = state !== undefined && msSince(state.failedAt) <= silenceMs;
    const row = isRow || state?.isDown ? state : undefined;
    const failures = (row?.failures ?? 0) + 1;
    const failingSince = row?.failingSince ?? iso(now());
    const isDown = row?.isDown || (failures >= FAILURES && msSince(failingSince) >= afterMs);
    return {
      failingSince,
      failedAt: iso(now()),
      failures,
      kind,
      isDown,
      ...(row?.probedAt !== undefined && { probedAt: row.probedAt }),
    };
  };

  /** For one of all processes each time. */
  const takeProbe = async (): Promise<boolean> => {
    const isDue = (state: State) => msSince(state.probedAt ?? state.failedAt) >= probeGapMs;
    const { isOurs } = await change((state) =>
      state?.isDown && isDue(state) ? { ...state, probedAt: iso(now()) } : undefined,
    );
    return isOurs;
  };

  /** How a request went must not depend on whether it could be noted. */
  const noted = async <T>(otherwise: T, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (thrown) {
      log.warn({ err: toError(thrown) }, 'how Resend does was not noted');
      return otherwise;
    }
  };

  const inWords = <T>(work: () => Promise<T>) => orOutage('the state of Resend is unknown', work);

  return {
    probeGapMs,

    isResendsTurn: () =>
      inWords(async () => {
        const state = await recent();
        if (!state?.isDown) return true;
        if (msSince(state.probedAt ?? state.failedAt) < probeGapMs) return false;
        return (await takeProbe()) && (state.kind === 'stopped' || (await ping()));
      }),

    askAgainInMs: () =>
      inWords(async () => {
        const state = await recent();
        if (!state?.isDown) return 0;
        return (await takeProbe()) ? 0 : probeGapMs;
      }),

    failed: (kind) =>
      noted(false, async () => {
        isKnownToWork = false;
        const { state } = await change((before) => afterFailure(before, kind));
        if (!state?.isDown) return false;
        const minutes = Math.max(1, Math.round(msSince(state.failingSince) / 60_000));
        await alerts.raise({
          severity: 'warning',
          what: ALERT,
          message: `Resend не принимает письма уже ${minutes} мин: новые письма уходят через Mailgun. Рассылки ждут Resend.`,
        });
        return true;
      }),

    succeeded: (startedAt) =>
      noted(undefined, async () => {
        const state = await recent();
        // What began before the first failure says nothing about how things are now.
        if (state && startedAt < Date.parse(state.failingSince)) return;
        if (state || !isKnownToWork) {
          // The alert first: after a crash in between, the next success finds the state and does the rest.
          const message = 'Resend снова принимает письма: они опять уходят через него.';
          if (!state || state.isDown) await alerts.resolve(ALERT, message);
        }
        if (state) await (await bus.bucket(KEY.bucket)).delete(KEY.key);
        saw(undefined);
        isKnownToWork = true;
      }),
  };
}
