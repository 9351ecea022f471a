import { expect, test } from 'vitest';
import { planImport, type TrafficRow } from '../src/staff/import-traffic.ts';

const ID = '6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f0001';
const HASH = `$2y$10$${'a'.repeat(53)}`;
const row = (change: Partial<TrafficRow>): TrafficRow => {
  const usual = {
    key: ID,
    email: 'marat@leadwire-sample.kz',
    name: 'Марат',
    role: 'targetologist',
  };
  return { ...usual, utmSources: ['fb'], hash: HASH, isActive: true, ...change };
};

test('a row keeps its id, tags and state; one with another key gets an id', () => {
  const [kept, fresh] = planImport(
    [
      row({}),
      row({ key: '7', email: 'dana@leadwire-sample.kz', role: 'manager', isActive: false }),
    ],
    [],
  );
  expect(kept).toMatchObject({
    outcome: 'import',
    member: { staffId: ID, role: 'targetologist', utmSources: ['fb'], active: true },
  });
  expect(fresh).toMatchObject({
    outcome: 'import',
    member: { staffId: expect.stringMatching(/^[0-9a-f-]{36}$/), role: 'sales', active: false },
  });
});

test.each([
  [{ email: '' }, 'no_mail'],
  [{ email: 'no address' }, 'no_mail'],
  [{ hash: '' }, 'no_hash'],
  [{ hash: '5f4dcc3b5aa765d61d8327deb882cf99' }, 'hash_not_bcrypt'],
  [{ role: 'admin' }, 'role_unknown'],
  [{ role: '' }, 'role_unknown'],
  [{ utmSources: [] }, 'no_tags'],
])('%j is left for a person to decide', (change, problem) => {
  expect(planImport([row(change)], [])).toMatchObject([{ outcome: 'left', problem }]);
});

test('of two rows with one address neither is taken', () => {
  const plans = planImport(
    [row({}), row({ key: '2' }), row({ email: 'x@leadwire-sample.kz' })],
    [],
  );
  expect(plans.map((plan) => ('problem' in plan ? plan.problem : plan.outcome))).toEqual([
    'mail_twice',
    'mail_twice',
    'import',
  ]);
});

test('a role of theirs is taken by the word of whoever imports; who works here already stays as they are', () => {
  const [owner] = planImport([row({ role: 'admin' })], [], { admin: 'owner' });
  expect(owner).toMatchObject({ outcome: 'import', member: { role: 'owner' } });
  const { member } = owner as { member: Parameters<typeof planImport>[1][number] };
  expect(planImport([row({ hash: 'other' })], [member])).toMatchObject([
    { outcome: 'known', member },
  ]);
});
