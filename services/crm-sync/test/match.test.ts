import { describe, expect, test } from '@jest/globals';
import type { Contact } from '../src/amocrm-records.ts';
import {
  matchOf,
  missingFields,
  normalPhone,
  personKeys,
  pickContact,
  searchTexts,
} from '../src/match.ts';

const person = {
  name: 'Айгерим',
  phone: '+77051234567',
  email: 'Aigerim@Mail.leadwire-sample.kz',
};

let lastId = 0;
function contact(phones: string[], emails: string[] = [], more: Partial<Contact> = {}): Contact {
  lastId += 1;
  const field = (field_code: string, values: string[]) => ({
    field_code,
    values: values.map((value) => ({ value, enum_code: 'MOB' })),
  });
  const custom_fields_values = [field('PHONE', phones), field('EMAIL', emails)];
  return { id: lastId, custom_fields_values, ...more };
}

describe('phones', () => {
  test.each(['+7 (705) 123-45-67', '8 705 123 45 67', '87051234567', '77051234567', '7051234567'])(
    '%s is the number that it is',
    (typed) => {
      expect(normalPhone(typed)).toBe('+77051234567');
    },
  );

  test('what cannot be read is compared by its digits, unless there are too few', () => {
    expect(normalPhone('8705 12 34 5')).toBe(normalPhone('870512345'));
    expect(normalPhone('1234')).toBeUndefined();
    expect(normalPhone('нет')).toBeUndefined();
    expect(normalPhone(null)).toBeUndefined();
  });
});

describe('a contact', () => {
  test('is the person by any of its numbers or addresses, however they are written', () => {
    expect(matchOf(contact(['+7 727 2', '8 (705) 123 45 67']), person)).toMatchObject({
      phone: true,
    });
    expect(matchOf(contact([], ['aigerim@mail.leadwire-sample.kz ']), person)).toMatchObject({
      email: true,
    });
  });

  test.each([
    ['a digit away', contact(['+77051234568'])],
    ['with the same ending', contact(['+77471234567'])],
    ['with the same mailbox elsewhere', contact([], ['aigerim@other.leadwire-sample.kz'])],
    ['without anything', contact([])],
    ['without fields', { id: 900, custom_fields_values: null }],
    ['deleted', contact(['+77051234567'], [], { is_deleted: true })],
  ])('%s is somebody else', (_what, other) => {
    expect(pickContact([other], person)).toBeUndefined();
  });

  test('with both wins over the phone, the phone over the address, the older over the newer', () => {
    const byEmail = contact([], [person.email]);
    const byPhone = contact([person.phone]);
    const newer = contact([person.phone]);
    const both = contact([person.phone], [person.email]);
    expect(pickContact([byEmail, newer, byPhone], person)).toBe(byPhone);
    expect(pickContact([byEmail, byPhone, both], person)).toBe(both);
  });

  test('gets what it lacks and keeps what it has, kinds of numbers included', () => {
    const [phone, ...others] = missingFields(contact(['+77272500000'], [person.email]), person);
    expect(others).toEqual([]);
    expect(phone).toEqual({
      field_code: 'PHONE',
      values: [
        { value: '+77272500000', enum_code: 'MOB' },
        { value: '+77051234567', enum_code: 'WORK' },
      ],
    });
    expect(missingFields(contact(['87051234567'], [person.email]), person)).toEqual([]);
  });

  test('gets a number that cannot be read as it was typed', () => {
    const typed = { ...person, phone: '8705 12 34', email: null };
    expect(missingFields(contact([]), typed)).toMatchObject([
      { field_code: 'PHONE', values: [{ value: '8705 12 34' }] },
    ]);
  });
});

describe('a person’s keys', () => {
  test('are the same for the same contacts and hold nothing of them', () => {
    const keys = personKeys(person, 'a');
    expect(personKeys({ ...person, phone: '8 705 123 45 67' }, 'b')).toEqual(keys);
    expect(keys).toHaveLength(2);
    expect(keys.join()).toMatch(/^[0-9a-f,]+$/);
  });

  test('of somebody without contacts are their own', () => {
    const nobody = { name: 'Айгерим', phone: null, email: null };
    expect(personKeys(nobody, 'a')).not.toEqual(personKeys(nobody, 'b'));
  });
});

test('the search is asked for the number’s end, because people write the beginning in three ways', () => {
  expect(searchTexts(person)).toEqual(['7051234567', 'aigerim@mail.leadwire-sample.kz']);
});
