import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_TOKEN } from '@leadwire/testing/settings';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import {
  leadSchema,
  makeEvent,
  type Channel,
  type CrmRecord,
  type Delivery,
} from '@leadwire/shared/contract/events';
import { derivedId, newId } from '@leadwire/shared/contract/ids';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { CONTENT_HASH_HEADER, subjects } from '@leadwire/shared/contract/topology';
import { answerOf, form, startApi, type TestApi } from './start-api.ts';

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker);
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

const pending = {
  sent: false,
  sent_at: null,
  error: null,
  status: 'pending',
  template: null,
  scheduled_for: null,
};

const noDeal = {
  status: 'pending',
  dealId: null,
  stageId: null,
  stage: null,
  deleted: false,
  error: null,
};

async function accepted(id: string, more: Record<string, unknown> = {}): Promise<string> {
  const { body } = await api.post('/api/landing/proftest', form(id, more));
  return String(body['leadId']);
}

function delivery(leadId: string, channel: Channel, template = 'proftest-result'): Delivery {
  return { deliveryId: derivedId(leadId, channel, template), leadId, channel, template };
}

test('the status is there as soon as the 201 is', async () => {
  const leadId = await accepted('at-once');
  expect(await api.status(leadId)).toMatchObject({
    status: 200,
    body: {
      success: true,
      lead: {
        leadId,
        kind: 'proftest',
        source: 'proftest',
        name: 'Айгерим Сапарова',
        email: 'aigerim.at-once@mail.kz',
        phone: '+77051234567',
        contactIssues: [],
        quarantined: false,
        receivedAt: expect.any(String),
      },
      channels: { email: pending, sms: pending },
      deal: noDeal,
    },
  });
});

describe('the deal in AmoCRM', () => {
  const at = (second: number) => `2026-11-20T10:00:0${second}.000Z`;
  const tell = async (record: CrmRecord) => {
    const { leadId, outcome } = record;
    const event = makeEvent('crm.recorded.v1', {
      source: 'crm-sync',
      subject: leadId,
      data: record,
    });
    await api.bus.publish(subjects.crm(outcome, leadId), event);
  };
  const dealOf = async (leadId: string) => (await api.status(leadId)).body['deal'];

  test('is told with its stage, what it was made without, and where people have moved it', async () => {
    const leadId = await accepted('deal');
    const deal = { leadId, dealId: 30_000_001 };
    await tell({ ...deal, outcome: 'failed', at: at(0), reason: 'amocrm_400', error: 'no field' });
    expect(await dealOf(leadId)).toEqual({
      ...noDeal,
      status: 'failed',
      dealId: null,
      error: 'no field',
    });

    const refused = 'AmoCRM refused: field UTM_SOURCE';
    const first = { stageId: 5, stage: 'Первичный контакт' };
    await tell({ ...deal, ...first, outcome: 'synced', at: at(1), error: refused });
    const synced = { status: 'synced', dealId: 30_000_001, deleted: false, error: refused };
    expect(await dealOf(leadId)).toEqual({ ...synced, ...first });

    const next = { stageId: 6, stage: 'Оплата' };
    await tell({ ...deal, ...next, outcome: 'moved', at: at(3) });
    // Told later, seen earlier.
    await tell({ ...deal, ...first, outcome: 'synced', at: at(2), error: refused });
    expect(await dealOf(leadId)).toEqual({ ...synced, ...next });

    await tell({ ...deal, outcome: 'deleted', at: at(4) });
    expect(await dealOf(leadId)).toEqual({ ...synced, stageId: null, stage: null, deleted: true });
  });

  test('of a quarantined lead will not be', async () => {
    const leadId = await accepted('no-deal', { website: 'https://spam.kz' });
    expect(await dealOf(leadId)).toEqual({ ...noDeal, status: 'skipped', error: 'quarantined' });
  });
});

test('each channel tells what became of its message', async () => {
  const leadId = await accepted('told');
  const ledger = createLedger(api.bus);
  const dueAt = new Date('2026-11-20T10:10:00Z');
  await ledger.plan(delivery(leadId, 'email'), { dueAt });
  await ledger.plan(delivery(leadId, 'sms'), {
    dueAt,
    settled: { state: 'skipped', reason: 'phone_invalid' },
  });
  // A later campaign does not hide what the lead was promised.
  await ledger.plan(delivery(leadId, 'email', 'spring-sale'), { dueAt: new Date('2027-01-01') });

  const planned = { template: 'proftest-result', scheduled_for: dueAt.toISOString() };
  const first = await api.status(leadId);
  expect(first.body['channels']).toEqual({
    email: { ...pending, ...planned },
    sms: { ...pending, ...planned, status: 'skipped', error: 'phone_invalid' },
  });

  const claim = await ledger.claim(delivery(leadId, 'email'), 'test', 30_000, {});
  expect(claim.kind).toBe('claimed');
  const sending = await api.status(leadId);
  expect(sending.body['channels']).toMatchObject({ email: { status: 'pending', sent: false } });

  if (claim.kind !== 'claimed') return;
  const settled = await ledger.settle(claim.entry, { state: 'sent', providerId: 'm1' });
  const last = await api.status(leadId);
  expect(last.body['channels']).toMatchObject({
    email: { ...planned, status: 'sent', sent: true, sent_at: settled.settledAt, error: null },
  });
});

test('each Telegram group tells what became of its notice', async () => {
  const leadId = await accepted('groups');
  const groupId = derivedId('a group');
  const at = '2026-11-20T10:00:00.000Z';
  const group = {
    groupId,
    bot: 'leads',
    chatId: '-100123',
    formerChatIds: [],
    title: 'Отдел продаж',
    leadKinds: [],
    state: 'active',
    activatedAt: at,
    createdAt: at,
    changedAt: at,
  };
  await (await api.bus.bucket('telegram_groups')).put(groupId, JSON.stringify(group));
  const ledger = createLedger(api.bus);
  const unknown = derivedId('a group that is gone');
  await ledger.plan(delivery(leadId, 'telegram', groupId), { dueAt: new Date() });
  await ledger.plan(delivery(leadId, 'telegram', unknown), {
    dueAt: new Date(),
    settled: { state: 'skipped', reason: 'group_gone' },
  });
  const { body } = await api.status(leadId);
  const open = { sent: false, sent_at: null };
  expect(body['channels']).toMatchObject({ email: pending, sms: pending });
  expect(body['telegram']).toHaveLength(2);
  expect(body['telegram']).toEqual(
    expect.arrayContaining([
      { ...open, groupId, title: 'Отдел продаж', status: 'pending', error: null },
      { ...open, groupId: unknown, title: null, status: 'skipped', error: 'group_gone' },
    ]),
  );
});

test('a quarantined lead says so, and that nothing will be sent, until it is let out', async () => {
  const spam = { website: 'https://spam.kz', submissionId: newId() };
  const leadId = await accepted('bot', spam);
  const { body } = await api.status(leadId);
  expect(body).toMatchObject({
    lead: { quarantined: true, quarantine: 'honeypot', released_at: null },
    channels: {
      email: { status: 'skipped', error: 'quarantined' },
      sms: { status: 'skipped', error: 'quarantined' },
    },
  });
  const stored = await api.bus.lastUnder('LEADS', subjects.anyLead(leadId));
  const data = leadSchema.parse((stored?.event as { data?: unknown }).data);
  const event = makeEvent('lead.released.v1', { source: 'test', subject: leadId, data });
  const headers = { [CONTENT_HASH_HEADER]: stored?.header(CONTENT_HASH_HEADER) ?? '' };
  await api.bus.publish(subjects.leadReleased(data.kind, leadId), event, { headers });
  expect((await api.status(leadId)).body).toMatchObject({
    lead: { quarantined: false, quarantine: 'honeypot', released_at: event.time },
    channels: { email: pending, sms: pending },
  });
  // The same submission once more is still the same lead.
  const again = await api.post('/api/landing/proftest', form('bot', spam));
  expect([again.status, again.body['leadId']]).toEqual([200, leadId]);
});

test('an id may be written in capitals', async () => {
  const leadId = await accepted('capitals');
  expect((await api.status(leadId.toUpperCase())).status).toBe(200);
});

test('an unknown id is not found, and what is no id is refused', async () => {
  expect((await api.status(newId())).status).toBe(404);
  for (const id of ['1', '*', '%3E', 'leads.created']) {
    expect(await api.status(id)).toMatchObject({
      status: 400,
      body: { success: false, issues: [{ path: 'leadId' }] },
    });
  }
});

test.each([
  ['no token', {}],
  ['a wrong token', { authorization: 'Bearer wrong' }],
  ['the token without its scheme', { authorization: ADMIN_TOKEN }],
  ['a longer token', { authorization: `Bearer ${ADMIN_TOKEN}x` }],
])('with %s nothing is told, not even whether there is such a lead', async (_what, headers) => {
  const leadId = await accepted('private');
  for (const id of [leadId, newId(), 'malformed']) {
    const answer = await answerOf(fetch(`${api.url}/api/landing/leads/${id}/status`, { headers }));
    expect(answer).toMatchObject({
      status: 401,
      body: { success: false, error: 'unauthorized', issues: [] },
    });
  }
});
