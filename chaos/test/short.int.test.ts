import { randomInt } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { failures } from '../report.ts';
import { runScenario } from '../scenario.ts';
import { shortScenarios } from '../scenarios.ts';
import { effectThenDrop } from '../scenarios/provider-faults.ts';
import { shortRun } from '../short-run.ts';

/** A busy machine with two cores needs half of it. */
const PATIENCE_MS = 120_000;
const note = () => undefined;
const seed = randomInt(1, 1_000_000);

describe('the short form', () => {
  test.each(shortScenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_name, scenario) => {
      const outcome = await runScenario(scenario, { ...shortRun(seed), note });

      expect({ seed, failures: failures(outcome) }).toEqual({ seed, failures: [] });
      expect(outcome.accepted).toBeGreaterThan(0);
      expect(outcome.verdict.sent).toBeGreaterThan(0);
    },
    PATIENCE_MS,
  );
});

test(
  'the verifier sees the doubles of a notifier whose ledger never knows of an earlier attempt',
  async () => {
    const short = shortRun(seed);
    const blind = { ...short, env: { ...short.env, CHAOS_LEDGER: 'blind' }, note };
    const { verdict } = await runScenario(effectThenDrop, blind);

    expect(verdict.counts.doubled).toBeGreaterThan(0);
    expect(verdict.counts.lost).toBe(0);
  },
  PATIENCE_MS,
);
