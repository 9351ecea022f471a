/** Who has a lead, as AmoCRM says it: told of every lead of a deal, once, with nothing but ids. */
import { beforeAll, expect, test } from 'vitest';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { Assignment } from '@leadwire/shared/contract/staff-facts';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import type { ServiceHere } from '@leadwire/testing/service-here';
import { waitFor } from '@leadwire/testing/wait-for';
import { createFollowDeal } from '../src/changes.ts';
import { createLook } from '../src/look-for-changes.ts';
import { PATIENCE_MS, useRig } from './rig.ts';

const rig = useRig();
const SECRET = 'a-secret-address-for-hooks';
const WAIT = { timeoutMs: PATIENCE_MS };
const [DANA, ERLAN] = [newId(), newId()];
const amocrm = () => rig.control().amocrm;
const now = () => new Date().toISOString();
let there: Record<string, number>;

beforeAll(async () => {
  const people = [
    // As one types their own address; and somebody who has left.
    { staffId: DANA, email: 'Dana@Leadwire.kz', name: 'Дана', active: true },
    { staffId: ERLAN, email: 'erlan@leadwire.kz', name: 'Ерлан', active: false },
  ];
  for (const person of people) {
    const state = { ...person, role: 'sales' as const, utmSources: [], at: now() };
    await publishEvent(rig.bus(), 'staff.changed.v1', state);
  }
  const users = [
    { id: 9_100_001, name: 'Leadwire', email: 'crm@leadwire.kz' },
    { id: 9_100_002, name: 'Дана', email: 'dana@leadwire.kz' },
    { id: 9_100_003, name: 'Ерлан', email: 'erlan@leadwire.kz' },
    { id: 9_100_004, name: 'Гость', email: 'guest@leadwire.kz' },
  ];
  await amocrm().set({ users });
  there = Object.fromEntries(users.map(({ email, id }) => [email.split('@')[0]!, id]));
});

const startAll = async (): Promise<ServiceHere> => {
  const [api] = await Promise.all([
    rig.startApi({ AMOCRM_WEBHOOK_SECRET: SECRET }),
    rig.startCrm(),
  ]);
  await amocrm().set({ webhooks: [{ url: `${api.url}/api/webhooks/amocrm/${SECRET}` }] });
  return api;
};

async function syncedLead(phone?: string) {
  const lead = someLead(phone === undefined ? {} : { phone });
  await rig.publishLead(lead);
  return { lead, dealId: (await rig.synced(lead)).dealId! };
}

const noHintsLeft = () =>
  waitFor(async () => {
    const { state } = await (await rig.bus().manager()).streams.info('CRM_CHANGES');
    return state.messages === 0;
  }, WAIT);

/** Everything told of the lead, in its order. */
async function assigned(leadId: string): Promise<Assignment[]> {
  const told: Assignment[] = [];
  const subject = subjects.leadAssigned(leadId, '*');
  for await (const { json } of readStream(rig.bus(), 'DELIVERIES', { subject })) {
    told.push(eventSchemas['lead.assigned.v1'].parse(json).data);
  }
  return told;
}
const haveHad = async (leadId: string) => (await assigned(leadId)).map(({ staffId }) => staffId);
const hasHad = (leadId: string, expected: (string | null)[]) =>
  waitFor(async () => (await haveHad(leadId)).join() === expected.join(), WAIT);

const give = async (dealId: number, name: string) => {
  await amocrm().changeLead(dealId, { responsibleUserId: there[name]! });
  await noHintsLeft();
};

test('a deal that goes from hand to hand: each of them once, also who has left; a stranger is nobody', async () => {
  const api = await startAll();
  const { lead, dealId } = await syncedLead();
  await noHintsLeft();
  // Ours at first, which is nobody’s.
  expect(await assigned(lead.leadId)).toEqual([]);
  await give(dealId, 'dana');
  await hasHad(lead.leadId, [DANA]);
  await amocrm().changeLead(dealId, { price: 5_000 });
  const hook = new URLSearchParams({
    'leads[responsible][0][id]': String(dealId),
    'leads[responsible][0][responsible_user_id]': String(there['dana']),
  });
  const { status } = await fetch(`${api.url}/api/webhooks/amocrm/${SECRET}`, {
    method: 'POST',
    body: hook,
  });
  expect(status).toBe(200);
  await noHintsLeft();
  expect(await haveHad(lead.leadId)).toEqual([DANA]);

  // One that was given on before it was looked at was nobody’s but the last one’s: so each is waited for.
  await give(dealId, 'erlan');
  await hasHad(lead.leadId, [DANA, ERLAN]);
  await give(dealId, 'guest');
  await hasHad(lead.leadId, [DANA, ERLAN, null]);
  await give(dealId, 'dana');
  await hasHad(lead.leadId, [DANA, ERLAN, null, DANA]);
  const told = await assigned(lead.leadId);
  expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).sort());
  expect(Object.keys(told[0]!).sort()).toEqual(['at', 'leadId', 'staffId']);
}, 300_000);

test('another lead of the person is theirs from its receipt on; all leads of the deal go on together', async () => {
  await startAll();
  const phone = '+77000000161';
  const { lead, dealId } = await syncedLead(phone);
  await give(dealId, 'erlan');
  await hasHad(lead.leadId, [ERLAN]);
  const second = await syncedLead(phone);
  expect(second.dealId).toBe(dealId);
  await hasHad(second.lead.leadId, [ERLAN]);
  expect(await assigned(second.lead.leadId)).toMatchObject([{ at: second.lead.receivedAt }]);
  await give(dealId, 'dana');
  await hasHad(lead.leadId, [ERLAN, DANA]);
  await hasHad(second.lead.leadId, [ERLAN, DANA]);
}, 300_000);

test('a lead taken in Telegram was told there: its deal is given, its hook is no news, others of the deal follow', async () => {
  await startAll();
  const phone = '+77000000162';
  const { lead, dealId } = await syncedLead(phone);
  const second = await syncedLead(phone);
  const taken = { leadId: second.lead.leadId, staffId: DANA, at: now() };
  await publishEvent(rig.bus(), 'crm.lead_taken.v1', taken);
  await hasHad(lead.leadId, [DANA]);
  await noHintsLeft();
  expect((await rig.deal(dealId)).responsibleUserId).toBe(there['dana']);
  expect(await assigned(second.lead.leadId)).toEqual([]);
  // Given to somebody else afterwards, it is told of both.
  await give(dealId, 'erlan');
  await hasHad(second.lead.leadId, [ERLAN]);
  await hasHad(lead.leadId, [DANA, ERLAN]);
}, 300_000);

test('without a hook it is found by a look at what has changed, once', async () => {
  await rig.startCrm();
  await amocrm().set({ webhooks: [] });
  const { lead, dealId } = await syncedLead();
  await amocrm().changeLead(dealId, { responsibleUserId: there['dana']! });
  const ports = rig.ports();
  const look = createLook({ ...ports, followDeal: createFollowDeal(ports), everyMs: 0 });
  await look();
  await hasHad(lead.leadId, [DANA]);
  await look();
  expect(await haveHad(lead.leadId)).toEqual([DANA]);
}, 300_000);
