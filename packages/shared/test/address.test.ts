import { expect, test } from 'vitest';
import { brokerAddress } from '@leadwire/shared/broker/address';

test('an address without a user is taken as it is', () => {
  expect(brokerAddress('nats://127.0.0.1:4222')).toEqual({ servers: ['nats://127.0.0.1:4222'] });
  expect(brokerAddress('nats:4222')).toEqual({ servers: ['nats://nats:4222'] });
});

test('a user in an address logs in and gets answers of its own', () => {
  expect(brokerAddress('nats://lead-store:p%40ss@nats:4222')).toEqual({
    servers: ['nats://nats:4222'],
    user: 'lead-store',
    pass: 'p@ss',
    inboxPrefix: '_INBOX_lead-store',
  });
});

test('several addresses share the user that one of them names', () => {
  expect(brokerAddress('nats://admin:secret@a:4222, b:4223,tls://c:4224')).toMatchObject({
    servers: ['nats://a:4222', 'nats://b:4223', 'tls://c:4224'],
    user: 'admin',
  });
});

test('what is no address is refused', () => {
  expect(() => brokerAddress('nats://')).toThrow(TypeError);
});
