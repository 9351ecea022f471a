import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { failures } from '../report.ts';
import { oneLostAnswer, shortCampaigns } from '../scenarios/campaigns.ts';

/** A busy machine with two cores needs a third of it. */
const PATIENCE_MS = 300_000;
const seed = randomInt(1, 1_000_000);
const short = { seed, timeScale: 0.5, quietWithinMs: 150_000, note: () => undefined };

test(
  'campaigns reach everybody once while senders die, answers get lost and the database goes away',
  async () => {
    const outcome = await shortCampaigns.run({ ...short, points: 0, preload: ['impatient.ts'] });

    expect({ seed, failures: failures(outcome) }).toEqual({ seed, failures: [] });
    expect(outcome.verdict.sent).toBeGreaterThan(0);
    expect(outcome.kills).toBeGreaterThan(2);
  },
  PATIENCE_MS,
);

test(
  'the judge sees the doubles of a sender that makes a new key for every try',
  async () => {
    const { verdict } = await oneLostAnswer.run({ ...short, points: 0, preload: ['new-keys.ts'] });

    expect(verdict.counts.doubled).toBeGreaterThan(0);
    expect(verdict.counts.lost).toBe(0);
  },
  PATIENCE_MS,
);
