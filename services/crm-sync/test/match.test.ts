import { describe, expect, test } from 'vitest';
import type { Contact } from '../src/amocrm-records.ts';
import {
  contactFields,
  fillableFields,
  foundBy,
  hasOther,
  matchOf,
  personKeys,
  phonesIn,
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
  test.each([
    ['+7 (705) 123-45-67', ['+77051234567']],
    ['8 705 123 45 67', ['+77051234567']],
    ['77051234567', ['+77051234567']],
    ['7051234567', ['+77051234567']],
    // As managers and their old spreadsheets leave them in AmoCRM.
    ['998900000110', ['+998900000110']],
    ['79260000110', ['+79260000110']],
    ['87050000110, 87770000110', ['+77050000110', '+77770000110']],
    ['+7 705 000 01 10 / 8 777 000 01 10', ['+77050000110', '+77770000110']],
  ])('%s is what it is, whoever typed it', (typed, numbers) => {
    expect(phonesIn(typed)).toEqual(numbers);
  });

  test('what cannot be read is compared by its digits, unless there are too few', () => {
    expect(phonesIn('8705 12 34 5')).toEqual(phonesIn('870512345'));
    expect([phonesIn('1234'), phonesIn('нет'), phonesIn(null)]).toEqual([[], [], []]);
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

  test('is known by its phone, its address, both, or by neither', () => {
    const mail = person.email;
    expect(foundBy(contact(['8 705 123 45 67'], [mail]), person)).toBe('both');
    expect(foundBy(contact(['87010000110, 87051234567']), person)).toBe('phone');
    expect(foundBy(contact(['+77272500000'], [`Анна <${mail}>`]), person)).toBe('email');
    expect(foundBy(contact(['+77272500000']), person)).toBe('memory');
  });

  test.each([
    ['its phone, without an address: the address', contact([person.phone]), ['EMAIL']],
    ['its phone, and another address', contact([person.phone], ['old@leadwire-sample.kz']), []],
    ['its address, without a phone: the phone', contact([], [person.email]), ['PHONE']],
    ['its address, and another phone', contact(['+77272500000'], [person.email]), []],
    ['both', contact([person.phone], [person.email]), []],
    ['neither', contact([]), []],
    ['its phone, and a word in the field', contact([person.phone], ['нет']), []],
  ])('that has %s: nothing more may be filled in', (_what, known, codes) => {
    const fields = fillableFields(known, person);
    expect(fields.map(({ field_code }) => field_code)).toEqual(codes);
  });

  test('with another phone or address than the person’s is told apart from an empty one', () => {
    expect(hasOther(contact([person.phone], ['old@leadwire-sample.kz']), person)).toBe(true);
    expect(hasOther(contact(['+77272500000'], [person.email]), person)).toBe(true);
    expect(hasOther(contact([person.phone]), person)).toBe(false);
  });

  test('that is new gets a number that cannot be read as it was typed', () => {
    const typed = { ...person, phone: '8705 12 34', email: null };
    expect(contactFields(typed)).toMatchObject([
      { field_code: 'PHONE', values: [{ value: '8705 12 34' }] },
    ]);
  });
});

describe('a person’s keys', () => {
  const secret = 'a-hash-key-for-tests-of-32-characters';

  test('are the same for the same contacts and hold nothing of them', () => {
    const keys = personKeys(secret, person, 'a');
    expect(personKeys(secret, { ...person, phone: '8 705 123 45 67' }, 'b')).toEqual(keys);
    expect(keys).toHaveLength(2);
    expect(keys.join()).toMatch(/^[\w,-]+$/);
    // Nobody without the secret can try all numbers of a country.
    expect(personKeys('another secret', person, 'a')).not.toEqual(keys);
  });

  test('of somebody without contacts are their own', () => {
    const nobody = { name: 'Айгерим', phone: null, email: null };
    expect(personKeys(secret, nobody, 'a')).not.toEqual(personKeys(secret, nobody, 'b'));
  });
});

test('the search is asked for the number’s end, because people write the beginning in three ways', () => {
  expect(searchTexts(person)).toEqual(['7051234567', 'aigerim@mail.leadwire-sample.kz']);
});
