import { expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import {
  readUnsubscribeToken,
  unsubscribeToken,
} from '@leadwire/shared/delivery/unsubscribe-token';

const SECRET = 'a secret that the tests have agreed on';
const SHOWN = 'a•••@mail.leadwire-sample.kz';

test('a token leads back to its recipient and fits into an address', () => {
  const recipientId = newId();
  const token = unsubscribeToken(recipientId, SECRET);
  expect(token).toMatch(/^[A-Za-z0-9_-]{64}$/);
  expect(unsubscribeToken(recipientId, SECRET)).toBe(token);
  expect(readUnsubscribeToken(token, SECRET)).toEqual({ recipientId, shown: undefined });
});

test('it carries what its page calls the person: readable to nobody else, and the same each time', () => {
  const recipientId = newId();
  const token = unsubscribeToken(recipientId, SECRET, SHOWN);
  expect(token).toMatch(/^[A-Za-z0-9_-]{65,400}$/);
  expect(unsubscribeToken(recipientId, SECRET, SHOWN)).toBe(token);
  expect(readUnsubscribeToken(token, SECRET)).toEqual({ recipientId, shown: SHOWN });
  expect(Buffer.from(token, 'base64url').includes('mail.leadwire')).toBe(false);
});

test('one whose end was cut off, or put onto another, still says whose it is and shows no address', () => {
  const recipientId = newId();
  const token = unsubscribeToken(recipientId, SECRET, SHOWN);
  const other = unsubscribeToken(newId(), SECRET, SHOWN);
  for (const damaged of [token.slice(0, -3), token.slice(0, 64) + other.slice(64)]) {
    expect(readUnsubscribeToken(damaged, SECRET)).toEqual({ recipientId, shown: undefined });
  }
});

test('a token of another secret, a changed one and a cut one are nobody’s', () => {
  const token = unsubscribeToken(newId(), SECRET);
  const other = unsubscribeToken(newId(), SECRET);
  const wrong = [
    unsubscribeToken(newId(), 'another secret'),
    token.slice(0, 20) + other.slice(20),
    token.slice(0, 63),
    `${token}.A`,
    '',
    '../../etc/passwd',
  ];
  for (const each of wrong) expect(readUnsubscribeToken(each, SECRET)).toBeUndefined();
});

test('a recipient that is no UUID gets no token', () => {
  expect(() => unsubscribeToken('somebody', SECRET)).toThrow(TypeError);
});
