import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { failures } from '../report.ts';
import { runScenario, type RunOptions } from '../scenario.ts';
import { mailFallback } from '../scenarios/mail-fallback.ts';
import { SEND_SMS, weather } from '../scenarios/provider-faults.ts';
import { shortForm } from '../scenarios/short-form.ts';
import { shortRun } from '../short-run.ts';

/** A busy machine with two cores needs half of it. */
const PATIENCE_MS = 420_000;
const note = () => undefined;
const seed = randomInt(1, 1_000_000);

/** All of them: a double that is missing is not missing by chance. */
const noAnswers = weather({
  name: 'answers-lost',
  hunts: 'an SMS that is sent again because its answer was lost',
  faults: [{ path: SEND_SMS, action: { do: 'effect-then-drop' } }],
});

test(
  'the short form loses nothing, doubles nothing and sends nothing early',
  async () => {
    const outcome = await runScenario(shortForm, { ...shortRun(seed), note });

    expect({ seed, failures: failures(outcome) }).toEqual({ seed, failures: [] });
    expect(outcome.verdict.sent).toBeGreaterThan(0);
    expect(outcome.kills).toBeGreaterThan(6);
  },
  PATIENCE_MS,
);

test(
  'with Resend down, half down and flapping, each person gets one mail, never from both providers',
  async () => {
    const outcome = await runScenario(mailFallback, { ...shortRun(seed), note });

    expect({ seed, failures: failures(outcome) }).toEqual({ seed, failures: [] });
    expect(outcome.kills).toBeGreaterThan(1);
  },
  PATIENCE_MS,
);

test(
  'the verifier sees the doubles of a notifier whose ledger never knows of an earlier attempt',
  async () => {
    const short = shortRun(seed);
    const env = { ...short.env, CHAOS_LEDGER: 'blind' };
    const blind: RunOptions = { ...short, env, replicas: 1, note };
    const { verdict } = await runScenario(noAnswers, blind);

    expect(verdict.counts.doubled).toBeGreaterThan(0);
    expect(verdict.counts.lost).toBe(0);
  },
  PATIENCE_MS,
);
