import { describe, expect, test } from 'vitest';
import {
  verifyCampaigns,
  type CampaignEvidence,
  type PersonLine,
  type Sample,
} from '../campaigns/verifier.ts';
import type { FindingKind } from '../leads/finding.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
interface Evidence extends CampaignEvidence {
  campaigns: Mutable<CampaignEvidence['campaigns'][number]>[];
  samples: [Mutable<Sample>, Mutable<Sample>];
  people: [Mutable<PersonLine>, Mutable<PersonLine>, ...Mutable<PersonLine>[]];
  copies: { campaignId: string; to: string }[];
  heldBack: Set<string>;
  paces: { what: string; limitPerSecond: number; arrivals: number[] }[];
}

const person = (id: string, status = 'sent'): Mutable<PersonLine> => ({
  id,
  campaignId: 'c',
  contact: `${id}@pochta.kz`,
  status,
  reason: null,
  struckBy: [],
});
const copyTo = (id: string, campaignId = 'c') => ({ campaignId, to: `${id}@pochta.kz` });

function sample(pending: number, sent: number): Mutable<Sample> {
  const counts = { pending, sent, failed: 1, skipped: 1, unknown: 1 };
  return {
    campaignId: 'c',
    status: 'running',
    pausedAt: null,
    audience: 6,
    claims: sent,
    counts,
    told: { ...counts, sending: 0, audience: 6 },
  };
}

/** A campaign of six people that went well; each test spoils it in one place. */
function goodEvidence(): Evidence {
  const unknown = { ...person('e', 'unknown'), reason: 'validation_error', struckBy: ['refusal'] };
  return {
    campaigns: [{ id: 'c', status: 'finished', audience: 6 }],
    samples: [sample(2, 1), sample(0, 3)],
    people: [
      person('a'),
      person('b'),
      person('c'),
      { ...person('d', 'skipped'), reason: 'suppressed' },
      unknown,
      person('f', 'failed'),
    ],
    copies: [copyTo('a'), copyTo('b'), copyTo('c')],
    heldBack: new Set(['d']),
    suppressed: new Set(['d']),
    refusable: new Set(['f@pochta.kz']),
    undecidable: { validation_error: 'refusal' },
    paces: [{ what: 'resend', limitPerSecond: 2, arrivals: [0, 500, 1_000] }],
  };
}

test('finds nothing where everybody has what is written of them', () => {
  const verdict = verifyCampaigns(goodEvidence());
  expect(verdict.findings).toEqual([]);
  expect(verdict).toMatchObject({
    leads: 6,
    sent: 3,
    skipped: 1,
    unknown: { validation_error: 1 },
  });
});

test('accepts a copy to somebody of whom nobody can say whether it was sent', () => {
  const evidence = goodEvidence();
  evidence.copies.push(copyTo('e'));
  expect(verifyCampaigns(evidence).findings).toEqual([]);
});

test('accepts two campaigns to one person', () => {
  const evidence = goodEvidence();
  evidence.campaigns.push({ id: 'k', status: 'finished', audience: 1 });
  evidence.people.push({ ...person('a'), id: 'a2', campaignId: 'k' });
  evidence.copies.push(copyTo('a', 'k'));
  expect(verifyCampaigns(evidence).findings).toEqual([]);
});

const cases: [what: string, kind: FindingKind, spoil: (evidence: Evidence) => unknown][] = [
  [
    'states that do not add up while it runs',
    'miscounted',
    ({ samples: [first] }) => (first.counts = { ...first.counts, pending: 1 }),
  ],
  [
    'a state that is none of the six',
    'miscounted',
    ({ samples: [first] }) => (first.counts = { ...first.counts, sent: 0, lost: 1 }),
  ],
  [
    'an answer that does not add up although the rows do',
    'miscounted',
    ({ samples: [first] }) => (first.told = { ...first.told, sent: 0 }),
  ],
  [
    'an audience that changes',
    'miscounted',
    ({ samples: [, second] }) => {
      second.audience = 5;
      second.counts = { ...second.counts, sent: 2 };
      second.told = { ...second.told, sent: 2, audience: 5 };
    },
  ],
  ['somebody who is gone in the end', 'miscounted', ({ people }) => people.pop()],
  [
    'people who are claimed in a pause',
    'unwanted',
    ({ samples }) => {
      for (const one of samples) Object.assign(one, { status: 'paused', pausedAt: 'then' });
    },
  ],
  ['a campaign that does not end', 'unsettled', ({ campaigns: [one] }) => (one!.status = 'paused')],
  ['somebody who waits for ever', 'unsettled', ({ people: [a] }) => (a.status = 'pending')],
  ['a claim that nobody ends', 'unsettled', ({ people: [a] }) => (a.status = 'sending')],
  ['a second copy', 'doubled', ({ copies }) => copies.push(copyTo('a'))],
  [
    'a second copy to somebody unknown',
    'doubled',
    ({ copies }) => copies.push(copyTo('e'), copyTo('e')),
  ],
  ['a copy that is only written down', 'lost', ({ copies }) => copies.pop()],
  [
    'a failure that nobody caused',
    'lost',
    ({ people: [a], copies }) => {
      a.status = 'failed';
      copies.shift();
    },
  ],
  [
    'somebody left out without a reason',
    'lost',
    ({ people: [a], copies }) => {
      a.status = 'skipped';
      copies.shift();
    },
  ],
  ['a copy to somebody who failed', 'mismatched', ({ copies }) => copies.push(copyTo('f'))],
  [
    'a copy to somebody who was skipped',
    'mismatched',
    ({ copies, heldBack }) => [copies.push(copyTo('d')), heldBack.clear()],
  ],
  ['a copy to a stranger', 'mismatched', ({ copies }) => copies.push(copyTo('z'))],
  ['a copy to somebody who had left', 'unwanted', ({ heldBack }) => heldBack.add('a')],
  [
    'an unknown end that no fault explains',
    'unexplained',
    ({ people }) => (people[4]!.struckBy = ['another']),
  ],
  [
    'an unknown end for a reason of our own',
    'unexplained',
    ({ people }) => (people[4]!.reason = 'other_body'),
  ],
  ['a call too many', 'hurried', ({ paces: [pace] }) => pace!.arrivals.push(999)],
];

describe('reports', () => {
  test.each(cases)('%s', (_what, kind, spoil) => {
    const evidence = goodEvidence();
    spoil(evidence);
    const { findings, counts } = verifyCampaigns(evidence);

    expect(findings.map((each) => each.kind)).toContain(kind);
    expect(counts[kind]).toBeGreaterThan(0);
  });
});
