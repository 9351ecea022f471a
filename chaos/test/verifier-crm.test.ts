import { expect, test } from 'vitest';
import type { LeadLine } from '../leads/evidence.ts';
import { busiestSecond, checkCrm } from '../crm/verifier.ts';
import type { CrmEvidence } from '../crm/evidence.ts';

const [FIRST, PAID] = [10, 20];
const TEST = '0199aaaa-0000-7000-8000-000000000001';
const PURCHASE = '0199aaaa-0000-7000-8000-000000000002';

function lead(leadId: string, contacts: string[], isPaid: boolean): LeadLine {
  return { leadId, place: '1', contacts, unreachable: [], isPaid };
}

/** Somebody who took the test and bought the course later; each test spoils it in one place. */
function goodEvidence(): { leads: LeadLine[]; crm: CrmEvidence } {
  return {
    leads: [
      lead(TEST, ['a@pochta.kz', '+77051234567'], false),
      lead(PURCHASE, ['+77051234567'], true),
    ],
    crm: {
      deals: [{ id: 1, name: `Профтест: А ${TEST.slice(-12).padStart(13, '#')}`, ...place(PAID) }],
      contacts: [{ id: 5, reach: ['77051234567', 'a@pochta.kz'] }],
      notes: [`Итог\n\nLeadwire ${TEST}`],
      rows: new Map([
        [TEST, 1],
        [PURCHASE, 1],
      ]),
      arrivals: [0, 100, 200, 1_100],
      limitPerSecond: 3,
      stages: { first: FIRST, paid: PAID },
    },
  };
}

function place(stageId: number) {
  return { contactIds: [5], stageId };
}

const kindsOf = ({ leads, crm }: ReturnType<typeof goodEvidence>) =>
  checkCrm(leads, crm).map(({ kind }) => kind);

test('finds nothing where one person has one deal on the right stage', () => {
  expect(kindsOf(goodEvidence())).toEqual([]);
});

test('says nothing of a world without a CRM', () => {
  expect(checkCrm(goodEvidence().leads, undefined)).toEqual([]);
});

type Spoil = (crm: CrmEvidence) => unknown;
const spoiled: [string, string, Spoil][] = [
  ['a lead without a deal', 'lost', ({ rows }) => rows.delete(TEST)],
  ['a deal that is not there', 'mismatched', ({ rows }) => rows.set(TEST, 9)],
  [
    'a second deal of a person',
    'doubled',
    ({ deals }) => deals.push({ id: 2, name: `#${PURCHASE.slice(-12)}`, ...place(PAID) }),
  ],
  ['a deal moved back', 'mismatched', ({ deals }) => (deals[0]!.stageId = FIRST)],
  [
    'a deal of nobody',
    'mismatched',
    ({ deals }) => deals.push({ id: 3, name: 'Чужая', ...place(FIRST) }),
  ],
  [
    'a second contact with the same number',
    'doubled',
    ({ contacts }) => contacts.push({ id: 6, reach: ['77051234567'] }),
  ],
  ['a second note', 'doubled', ({ notes }) => notes.push(`Leadwire ${TEST}`)],
  ['answers that are noted nowhere', 'lost', ({ notes }) => notes.pop()],
  ['a request too many', 'hurried', ({ arrivals }) => arrivals.push(999)],
];

test.each(spoiled)('finds %s', (_what, kind, spoil) => {
  const evidence = goodEvidence();
  spoil(evidence.crm);
  expect(kindsOf(evidence)).toContain(kind);
});

test('a second is any second, not one of the clock’s', () => {
  expect(busiestSecond([])).toBe(0);
  expect(busiestSecond([900, 950, 1_000, 1_899, 1_900])).toBe(4);
});
