import { afterEach, describe, expect, test } from 'vitest';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import type { ServiceHere } from '@leadwire/testing/service-here';
import { waitFor } from '@leadwire/testing/wait-for';
import { createFollowDeal } from '../src/changes.ts';
import { createLook } from '../src/look-for-changes.ts';
import { PATIENCE_MS, STAGES, useRig } from './rig.ts';

const rig = useRig();
const SECRET = 'a-secret-address-for-hooks';
const amocrm = () => rig.control().amocrm;

const startApi = async (): Promise<ServiceHere> => {
  const api = await rig.startApi({ AMOCRM_WEBHOOK_SECRET: SECRET });
  await amocrm().set({ webhooks: [{ url: hookAddress(api) }] });
  return api;
};
const hookAddress = (api: ServiceHere, secret = SECRET) =>
  `${api.url}/api/webhooks/amocrm/${secret}`;

const tell = (api: ServiceHere, form: Record<string, string>, secret?: string) =>
  fetch(hookAddress(api, secret), { method: 'POST', body: new URLSearchParams(form) });

async function syncedLead() {
  const lead = someLead({ kind: 'purchase', paymentMethod: 'kaspi' });
  await rig.publishLead(lead);
  const { dealId } = await rig.synced(lead);
  return { lead, dealId: dealId! };
}

const WAIT = { timeoutMs: PATIENCE_MS };

const moves = async (leadId: string): Promise<number> => {
  const subject = subjects.crm('moved', leadId);
  const manager = await rig.bus().manager();
  const { state } = await manager.streams.info('DELIVERIES', { subjects_filter: subject });
  return state.subjects?.[subject] ?? 0;
};

const noHintsLeft = () =>
  waitFor(async () => {
    const { state } = await (await rig.bus().manager()).streams.info('CRM_CHANGES');
    return state.messages === 0;
  }, WAIT);

/** The services stay for the next test. */
afterEach(async () => {
  await amocrm().set({ webhooks: [] });
  await rig.startCrm();
  await noHintsLeft();
});

describe('what a manager does in AmoCRM', () => {
  test('is told as the lead’s stage: moved, deleted, restored', async () => {
    await Promise.all([startApi(), rig.startCrm()]);
    const { lead, dealId } = await syncedLead();
    await amocrm().moveLead(dealId, STAGES.lesson1);
    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({
      dealId,
      stageId: STAGES.lesson1,
      stage: 'Урок 1 пройден',
    });

    await amocrm().deleteLead(dealId);
    expect(await rig.told(lead.leadId, 'deleted')).toMatchObject({ dealId });
    await amocrm().restoreLead(dealId);
    await waitFor(async () => (await moves(lead.leadId)) === 2);
  });

  test('is told once when its hook is repeated, and comes out right when hooks change places', async () => {
    const [api] = await Promise.all([startApi(), rig.startCrm()]);
    const { lead, dealId } = await syncedLead();
    await noHintsLeft();
    await amocrm().set({ webhooks: [] });
    await amocrm().moveLead(dealId, STAGES.lesson1);
    await amocrm().moveLead(dealId, STAGES.lesson2);
    const hook = (statusId: number) =>
      tell(api, {
        'leads[status][0][id]': String(dealId),
        'leads[status][0][status_id]': String(statusId),
        'account[id]': '31850330',
      });
    for (const statusId of [STAGES.lesson2, STAGES.lesson1, STAGES.lesson2, STAGES.lesson1]) {
      expect((await hook(statusId)).status).toBe(200);
    }

    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({ stageId: STAGES.lesson2 });
    await noHintsLeft();
    expect(await moves(lead.leadId)).toBe(1);
  });

  test('is seen where AmoCRM’s only hook is that of any update', async () => {
    const [api] = await Promise.all([startApi(), rig.startCrm()]);
    const { lead, dealId } = await syncedLead();
    await amocrm().set({ webhooks: [] });
    await amocrm().moveLead(dealId, STAGES.lesson1);
    const form = {
      'leads[update][0][id]': String(dealId),
      'leads[update][0][status_id]': String(STAGES.lesson1),
      'leads[update][0][old_status_id]': String(STAGES.kaspi),
    };
    expect((await tell(api, form)).status).toBe(200);
    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({ stageId: STAGES.lesson1 });
  });

  test('by merging the deal into another one of the person takes its leads there', async () => {
    await Promise.all([startApi(), rig.startCrm()]);
    const { lead, dealId } = await syncedLead();
    const { contactIds } = await rig.deal(dealId);
    const survivor = await amocrm().addLead({ contactIds, statusId: STAGES.lesson1 });
    await amocrm().deleteLead(dealId);
    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({
      dealId: survivor.id,
      stageId: STAGES.lesson1,
    });

    await amocrm().moveLead(survivor.id, STAGES.lesson2);
    await waitFor(async () => (await moves(lead.leadId)) === 2, WAIT);
    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({ stageId: STAGES.lesson2 });
  });

  test('by merging the contact into another one leaves the person who they are', async () => {
    await Promise.all([startApi(), rig.startCrm()]);
    const { lead, dealId } = await syncedLead();
    const merged = await amocrm().addContact({
      name: 'Айгерим',
      phones: ['+7 700 000 00 80', lead.phone!],
    });
    const survivor = await amocrm().addLead({ contactIds: [merged.id], statusId: STAGES.first });
    const { contactIds } = await rig.deal(dealId);
    await amocrm().deleteLead(dealId);
    await amocrm().deleteContact(contactIds[0]!);
    const again = someLead({ phone: lead.phone });
    await rig.publishLead(again);
    expect(await rig.synced(again)).toMatchObject({ dealId: survivor.id, contactId: merged.id });
  });

  test('without a hook is found by a look at what has changed, once, whichever process looks', async () => {
    await rig.startCrm();
    const [{ lead, dealId }, { lead: still }] = [await syncedLead(), await syncedLead()];
    await amocrm().moveLead(dealId, STAGES.lesson3);
    // The stage that a form has brought a deal to is no sale: it proves nothing.
    const ports = rig.ports({ AMOCRM_SALE_STAGES: `${STAGES.kaspi}, ${STAGES.lesson3}` });
    const look = createLook({ ...ports, followDeal: createFollowDeal(ports), everyMs: 3_600_000 });
    const before = (await rig.control().requests('amocrm')).length;
    await look();
    expect(await rig.told(lead.leadId, 'moved')).toMatchObject({ stageId: STAGES.lesson3 });
    expect(await moves(still.leadId)).toBe(0);
    const sale = await rig.bus().lastUnder('SALES', subjects.sale('recorded', '*', '*'));
    const { email, phone } = lead;
    expect(sale?.event).toMatchObject({
      data: { studentId: `deal-${dealId}`, dealId, email, phone, amount: 5_000 },
    });

    const afterwards = (await rig.control().requests('amocrm')).length;
    expect(afterwards).toBeGreaterThan(before);
    await look();
    expect((await rig.control().requests('amocrm')).length).toBe(afterwards);
    const { state } = await (await rig.bus().manager()).streams.info('SALES');
    expect(state.messages).toBe(1);
  });

  test('with deals that are not ours is nothing to us', async () => {
    await Promise.all([startApi(), rig.startCrm()]);
    const deal = await amocrm().addLead({ name: 'Чужая' });
    const before = (await rig.control().requests('amocrm')).length;
    await amocrm().moveLead(deal.id, STAGES.lesson1);
    await waitFor(async () => (await rig.control().webhooks('amocrm')).length > 0);
    await noHintsLeft();
    expect((await rig.control().requests('amocrm')).length).toBe(before);
  });
});

test('the echo of our own changes is not told again', async () => {
  await Promise.all([startApi(), rig.startTwo()]);
  const { lead, dealId } = await syncedLead();
  const again = someLead({ phone: lead.phone, kind: 'purchase', paymentMethod: 'robokassa' });
  await rig.publishLead(again);
  expect(await rig.synced(again)).toMatchObject({ dealId, stageId: STAGES.robokassa });
  await rig.told(lead.leadId, 'moved');
  await noHintsLeft();

  expect(await moves(lead.leadId)).toBe(1);
  expect(await moves(again.leadId)).toBe(0);
});

describe('the address of the hooks', () => {
  test('is not there for who does not know it', async () => {
    const api = await startApi();
    const form = { 'leads[status][0][id]': '1' };
    expect((await tell(api, form, 'another-secret-address-xx')).status).toBe(404);
    expect((await tell(api, form, '../../docs')).status).toBe(404);
  });

  test('takes anything without harm: no deals, other groups, numbers that are none', async () => {
    const api = await startApi();
    for (const form of [
      {},
      { 'leads[update][0][id]': '5', 'contacts[add][0][id]': '6' },
      { 'leads[status][0][id]': '-1', 'leads[delete][0][id]': 'x', 'leads[status][1][id]': '9e9' },
      { '__proto__[x]': '1', 'leads[status][__proto__][id]': '4' },
    ]) {
      expect((await tell(api, form)).status).toBe(200);
    }
    await noHintsLeft();
  });

  test('does not wait for a broker that is away, so that AmoCRM sends it again', async () => {
    const api = await startApi();
    await rig.broker().kill();
    const answer = await tell(api, { 'leads[status][0][id]': '77' });
    expect(answer.status).toBe(503);
    await rig.broker().start();
    await waitFor(() => rig.bus().isConnected());
  });
});
