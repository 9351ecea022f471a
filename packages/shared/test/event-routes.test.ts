import { expect, test } from 'vitest';
import { newEvent, publishMade } from '../src/broker/publish-event.ts';
import type { PublishOptions } from '../src/broker/bus.ts';
import { newId } from '../src/contract/ids.ts';

/** Where and under which condition an event goes. */
async function way(event: Parameters<typeof publishMade>[1]) {
  let asked: [subject: string, options: PublishOptions | undefined] | undefined;
  const bus = {
    publish: (subject: string, _event: unknown, options?: PublishOptions) => {
      asked = [subject, options];
      return Promise.resolve({ seq: 1, stored: true });
    },
  };
  await publishMade(bus, event);
  return asked && { subject: asked[0], onceUnder: asked[1]?.onceUnder };
}

const at = '2026-11-29T10:00:00.000Z';

test('a sale is stored once for good, whoever tells it', async () => {
  const [saleId, studentId] = [newId(), 'st-1'];
  const data = {
    saleId,
    studentId,
    email: null,
    phone: null,
    product: 'А',
    course: null,
    amount: 1,
    at,
  };
  const subject = `sales.recorded.st-1.${saleId}`;
  expect(await way(newEvent('test', 'sale.recorded.v1', data))).toEqual({
    subject,
    onceUnder: subject,
  });
});

test('what a provider says of a contact is for good, what a person chooses is not', async () => {
  const recipientId = newId();
  const base = { recipientId, at } as const;
  const bounced = newEvent('test', 'contact.suppressed.v1', {
    ...base,
    reason: 'bounced',
    source: 'resend',
  });
  const subject = `contacts.suppressed.${bounced.id}`;
  expect(await way(bounced)).toEqual({ subject, onceUnder: subject });
  const left = newEvent('test', 'contact.suppressed.v1', {
    ...base,
    reason: 'unsubscribed',
    source: 'link',
  });
  expect(await way(left)).toEqual({
    subject: `contacts.suppressed.${recipientId}`,
    onceUnder: undefined,
  });
  expect(left.subject).toBe(recipientId);
});

test('a message is stored once, whatever type it was asked for as', async () => {
  const messageId = newId();
  const data = {
    messageId,
    type: 'password_changed' as const,
    data: { changedAt: at },
    to: { name: 'Дамир', email: null, phone: null },
    contactIssues: [],
    sendAt: at,
    receivedAt: at,
    contentHash: 'a'.repeat(64),
  };
  expect(await way(newEvent('test', 'message.requested.v1', data))).toEqual({
    subject: `messages.requested.password_changed.${messageId}`,
    onceUnder: `messages.requested.*.${messageId}`,
  });
});
