import { describe, expect, test } from 'vitest';
import { RefusedError } from '@leadwire/shared/providers/amocrm/http';
import { SnoozeError } from '@leadwire/shared/errors';
import type { Lead } from '@leadwire/shared/contract/events';
import { someLead } from '@leadwire/testing/lead';
import type { FieldValues } from '../src/amocrm-records.ts';
import { PIPELINE, useRig } from './rig.ts';
import { meetingInOneCall, syncUntilDone, desiredFor } from './desired-deals.ts';

const rig = useRig();
const people = (count: number) => Array.from({ length: count }, () => someLead());
const anyTime = () => Promise.resolve();

/** Calls to `leads/complex` that arrived since `before`. */
const callsSince = async (before: number) =>
  (await rig.control().requests('amocrm'))
    .slice(before)
    .filter(({ path }) => path.endsWith('/leads/complex')).length;
const callsSoFar = async () => (await rig.control().requests('amocrm')).length;

const create = (
  { amocrm }: ReturnType<typeof rig.ports>,
  lead: Lead,
  { atTurn = anyTime, fields = [] as FieldValues[] } = {},
) =>
  amocrm.createDeal(
    lead.leadId,
    {
      name: lead.name,
      pipeline_id: PIPELINE,
      custom_fields_values: fields,
      _embedded: { tags: [] },
    },
    { name: lead.name, custom_fields_values: [phoneOf(lead)] },
    atTurn,
  );
const phoneOf = ({ phone }: Lead) => ({ field_code: 'PHONE', values: [{ value: phone }] });

describe('creates that wait at the same moment', () => {
  test('leave as one call, and each gets its own deal and contact', async () => {
    const before = await callsSoFar();
    const ports = rig.ports();
    const leads = people(5);
    const made = await Promise.all(leads.map((lead) => create(ports, lead)));

    expect(await callsSince(before)).toBe(1);
    for (const [index, lead] of leads.entries()) {
      const { dealId, contactId } = made[index]!;
      expect(await rig.dealsOf(lead)).toMatchObject([{ id: dealId, contactIds: [contactId] }]);
    }
  });

  test('one of them with a field that is refused: four deals, and its own error', async () => {
    const ports = rig.ports();
    const leads = people(5);
    const bad = [{ field_code: 'NO_SUCH_FIELD', values: [{ value: 'x' }] }];
    const ends = await Promise.allSettled(
      leads.map((lead, index) => create(ports, lead, index === 2 ? { fields: bad } : {})),
    );

    expect(ends.map(({ status }) => status)).toEqual([
      ...['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    ]);
    expect(ends[2]).toMatchObject({ reason: expect.any(RefusedError) as unknown });
    for (const [index, lead] of leads.entries()) {
      expect(await rig.dealsOf(lead)).toHaveLength(index === 2 ? 0 : 1);
    }
  });

  test('one that has lost its lock meanwhile stays behind alone', async () => {
    const ports = rig.ports();
    const [one, late, other] = people(3);
    const lost = () => Promise.reject(new SnoozeError('somebody else has the lock', 1_000));
    const ends = await Promise.allSettled([
      create(ports, one!),
      create(ports, late!, { atTurn: lost }),
      create(ports, other!),
    ]);

    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await rig.dealsOf(late!)).toEqual([]);
  });

  test('when not even a token is to be had, all of them say so', async () => {
    const ports = rig.ports({ AMOCRM_BASE_URL: 'http://127.0.0.1:1' });
    const ends = await Promise.allSettled(people(3).map((lead) => create(ports, lead)));
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});

// The four meet whatever the machine is busy with: one lead alone that is refused is truly refused.
test.each([
  ['a 504', 1, { do: 'effect-then-5xx' as const, status: 504 }],
  ['an answer without deals', 1, { do: 'effect-then-fixed' as const, status: 200, body: '[]' }],
  ['a refusal of all (400)', 5, { do: 'fixed' as const, status: 400, body: '{"status":400}' }],
])('four leads whose common call ends with %s are one deal each', async (_what, calls, action) => {
  const leads = people(4);
  const ports = rig.ports();
  const together = { ...ports, amocrm: meetingInOneCall(ports.amocrm, leads.length) };
  await rig.control().addFault({
    provider: 'amocrm',
    method: 'POST',
    path: '/api/v4/leads/complex',
    nth: 1,
    action,
  });
  const before = await callsSoFar();
  const made = await Promise.all(leads.map((lead) => syncUntilDone(together, desiredFor(lead))));

  expect(await callsSince(before)).toBe(calls);
  for (const [index, lead] of leads.entries()) {
    expect(await rig.dealsOf(lead)).toMatchObject([{ id: made[index]!.dealId }]);
    expect(await rig.contactsOf(lead)).toHaveLength(1);
  }
});
