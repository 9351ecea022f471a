import { expect, test } from 'vitest';
import { createNearFields } from '../src/forms/near-fields.ts';
import { exactField } from '../src/forms/field-names.ts';

test('a field close to one of ours is told once for each form, by its name', () => {
  const said: object[] = [];
  const tell = createNearFields();
  const log = { warn: (about: object) => void said.push(about) };
  const fields = [
    { name: 'phnoe', as: 'other', near: 'phone' },
    { name: 'q1', as: 'other' },
  ];
  tell(log, 'spring', { fields });
  tell(log, 'spring', { fields });
  tell(log, 'autumn', { fields });
  expect(said).toEqual([
    { form: 'spring', field: 'phnoe', near: 'phone' },
    { form: 'autumn', field: 'phnoe', near: 'phone' },
  ]);
});

test.each([
  ['payment_method', 'paymentMethod'],
  ['Payment-Method', 'paymentMethod'],
  ['full_name', 'name'],
  ['fullName', 'name'],
  ['tel', 'phone'],
  ['phone_number', 'phone'],
  ['e-mail', 'email'],
  ['first_name', 'firstName'],
])('%s is %s', (theirs, ours) => {
  expect(exactField([theirs])).toBe(ours);
});
