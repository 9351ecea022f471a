import { expect, test } from 'vitest';
import { contactHash } from '../src/contacts/contact-hash.ts';

const SECRET = 'a-hash-key-for-tests-of-32-characters';

test.each([
  ['saule@mail.kz', 'Saule+1@MAIL.kz'],
  ['s.aule@gmail.com', 'saule@googlemail.com'],
  ['saule.k@ya.ru', 'saule-k@yandex.kz'],
  ['+77000000001', '+7 700 000-00-01'],
])('%s and %s are one person', (one, other) => {
  expect(contactHash(SECRET, one)).toBe(contactHash(SECRET, other));
  expect(contactHash(SECRET, one)).toMatch(/^[\w-]{32}$/);
});

test('others are others, and another key gives another hash', () => {
  expect(contactHash(SECRET, 'a.b@mail.kz')).not.toBe(contactHash(SECRET, 'ab@mail.kz'));
  expect(contactHash(SECRET, '+77000000001')).not.toBe(contactHash(`${SECRET}!`, '+77000000001'));
});
