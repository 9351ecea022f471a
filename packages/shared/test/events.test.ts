import { describe, expect, test } from 'vitest';
import {
  eventSchemas,
  makeEvent,
  type EventOf,
  type EventType,
} from '@leadwire/shared/contract/events';
import { contentHash, derivedCode, derivedId, newId } from '@leadwire/shared/contract/ids';
import { someLead } from '@leadwire/testing/lead';

const lead = someLead();
const at = '2026-11-20T10:00:00.000Z';
const delivery = {
  deliveryId: newId(),
  leadId: lead.leadId,
  channel: 'sms',
  template: 'proftest-result',
} as const;
const shortLink = { code: 'abc2345', url: 'https://leadwire.kz/result' };

const samples: { [T in EventType]: EventOf<T>['data'] } = {
  'lead.created.v1': lead,
  'lead.quarantined.v1': {
    ...lead,
    emailSuggestion: 'aigerim@gmail.com',
    email: null,
    phone: null,
  },
  'lead.released.v1': { ...lead, quarantine: 'flood' },
  'intake.rejected.v1': {
    rejectId: newId(),
    form: 'spring',
    dialect: 'tilda',
    reason: 'no_contacts',
    fields: ['Name'],
    contentType: 'application/x-www-form-urlencoded',
    query: '',
    body: 'Name=A',
    encoding: 'utf8',
    receivedAt: at,
  },
  'notification.due.v1': { ...delivery, dueAt: at, shortLink, lead },
  'message.requested.v1': {
    messageId: newId(),
    type: 'welcome',
    contactIssues: [],
    data: {},
    link: 'given',
    to: { name: 'Дамир', email: 'damir@mail.leadwire-sample.kz', phone: null },
    sendAt: at,
    receivedAt: at,
    contentHash: 'a'.repeat(64),
  },
  'telegram.notice.v1': { ...delivery, channel: 'telegram', template: newId(), lead },
  'delivery.recorded.v1': { ...delivery, outcome: 'skipped', at, reason: 'phone_invalid' },
  'campaign.delivery_recorded.v1': {
    recipientId: newId(),
    campaignId: newId(),
    channel: 'email',
    outcome: 'bounced',
    at,
    reason: 'permanent',
  },
  'contact.suppressed.v1': { reason: 'unsubscribed', source: 'link', at, recipientId: newId() },
  'sequence.due.v1': { personId: newId(), step: 1 },
  'contact.restored.v1': { source: 'link', at, recipientId: newId() },
  'sms.reported.v1': { messageId: '700001', at },
  'student.created.v1': {
    studentId: 'st-17',
    name: 'Дамир',
    email: null,
    phone: '+77051234567',
    course: 'analyst',
    receivedAt: at,
  },
  'lesson.completed.v1': { studentId: 'st-17', lesson: 2, at },
  'sale.recorded.v1': {
    saleId: newId(),
    studentId: 'st-17',
    email: 'damir@mail.leadwire-sample.kz',
    phone: null,
    product: 'Аналитика данных',
    course: null,
    amount: 5_000,
    at,
  },
  'sale.refunded.v1': { saleId: newId(), studentId: 'st-17', at },
  'referrer.registered.v1': {
    referrerId: newId(),
    code: 'dana-24',
    name: 'Дана',
    email: 'dana@mail.leadwire-sample.kz',
    phone: '+77000001234',
    at,
  },
  'referral.clicked.v1': { code: 'dana-24', at },
  'crm.recorded.v1': { leadId: lead.leadId, outcome: 'synced', at, dealId: 1, stageId: 2 },
  'crm.deal_changed.v1': { dealId: 1, change: 'moved', stageId: 2, at },
  'lead.assigned.v1': { leadId: lead.leadId, staffId: null, at },
  'crm.lead_taken.v1': { leadId: lead.leadId, staffId: newId(), at },
  'campaign.batch_ready.v1': { campaignId: newId(), n: 3 },
  'provider.called.v1': {
    service: 'notifier',
    action: 'resend.send',
    status: 'ok',
    durationMs: 12.5,
    at,
  },
  'staff.changed.v1': {
    staffId: newId(),
    email: 'aida@leadwire-sample.kz',
    name: 'Аида',
    role: 'targetologist',
    utmSources: ['facebook'],
    active: true,
    at,
  },
  'audit.recorded.v1': {
    actor: 'cli:root',
    action: 'staff.disabled',
    subject: newId(),
    result: 'done',
    at,
  },
  'alert.raised.v1': {
    severity: 'critical',
    what: 'notifier-sms_stopped',
    message: 'no money',
    at,
  },
};
const types = Object.keys(samples) as EventType[];

describe('events', () => {
  test('every schema has a sample here', () => {
    expect(types.sort()).toEqual(Object.keys(eventSchemas).sort());
  });

  test.each(types)('%s comes back from the wire as it was made', (type) => {
    const event = makeEvent(type, { source: 'test', subject: lead.leadId, data: samples[type] });
    const read: unknown = eventSchemas[type].parse(JSON.parse(JSON.stringify(event)));
    expect(read).toEqual(event);
    expect(event).toMatchObject({ specversion: '1.0', type, source: 'test', subject: lead.leadId });
  });

  test.each(types)('%s is refused without its parts', (type) => {
    const event = makeEvent(type, { source: 'test', subject: lead.leadId, data: samples[type] });
    for (const part of ['specversion', 'id', 'type', 'source', 'time', 'subject', 'data']) {
      const { [part as 'id']: _left, ...rest } = event;
      expect(eventSchemas[type].safeParse(rest).success).toBe(false);
    }
    const other = { ...event, type: 'another.type.v1' };
    expect(eventSchemas[type].safeParse(other).success).toBe(false);
  });

  test('a given id is kept, others are new and sort by time', () => {
    const make = (id?: string) =>
      makeEvent('lead.created.v1', { source: 's', subject: 'x', data: lead, ...(id && { id }) }).id;
    expect(make('mine')).toBe('mine');
    const ids = Array.from({ length: 50 }, () => make());
    expect(new Set(ids).size).toBe(50);
    expect([...ids].sort()).toEqual(ids);
  });
});

describe('derived ids', () => {
  // A change of any of these makes finished deliveries look new: people get their messages twice.
  test('never change', () => {
    expect(derivedId('3f2c1d7e', 'email', 'proftest-result')).toBe(
      '880ef963-5230-5b3a-8ce8-4a767b2c9013',
    );
    expect(derivedCode('3f2c1d7e', 7)).toBe('RPSy9yz');
    expect(contentHash({ b: [1, { d: null, c: 'й' }], a: 'x' })).toBe(
      '0f9ed80e6d94aa8bcad00c240bd0b0fd6ab31e243d96c019be2ff9c947c48734',
    );
  });

  test('tell their parts apart', () => {
    expect(derivedId('a', 'bc')).not.toBe(derivedId('ab', 'c'));
    expect(derivedCode('a', 7)).not.toBe(derivedCode('b', 7));
  });

  test('a longer code of the same seed begins with the shorter one, without look-alikes', () => {
    expect(derivedCode('seed', 12).startsWith(derivedCode('seed', 7))).toBe(true);
    expect(derivedCode('seed', 32)).toMatch(/^[^0O1lI]{32}$/);
  });
});

describe('the content hash', () => {
  test('does not depend on the order of keys, at any depth', () => {
    expect(contentHash({ a: 1, b: { c: 2, d: [{ e: 3, f: 4 }] } })).toBe(
      contentHash({ b: { d: [{ f: 4, e: 3 }], c: 2 }, a: 1 }),
    );
  });

  test.each([
    [{ a: [1, 2] }, { a: [2, 1] }],
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, {}],
    [{ a: { b: 1 } }, { 'a.b': 1 }],
    [{ name: 'Айгерим' }, { name: 'Айгерим ' }],
  ])('tells %j from %j', (one, other) => {
    expect(contentHash(one)).not.toBe(contentHash(other));
  });

  test('a key named __proto__ is content like any other', () => {
    const hostile: unknown = JSON.parse('{"a":1,"__proto__":{"b":2}}');
    expect(contentHash(hostile)).not.toBe(contentHash({ a: 1 }));
  });
});
