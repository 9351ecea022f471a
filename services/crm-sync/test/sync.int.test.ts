import { describe, expect, test } from 'vitest';
import { makeEvent } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { ID_FIELD, PIPELINE, STAGES, useRig } from './rig.ts';

const rig = useRig();
const { startCrm, publishLead, synced, dealsOf, contactsOf } = rig;

describe('a lead', () => {
  test('becomes a contact and a deal with its tags, attribution and answers', async () => {
    await startCrm({ AMOCRM_LEAD_ID_FIELD: String(ID_FIELD) });
    const lead = someLead({ answers: { result: 'Аналитик данных', interest: 'Числа' } });
    await publishLead(lead);
    const fact = await synced(lead);

    const [deal, ...others] = await dealsOf(lead);
    expect(others).toEqual([]);
    expect(fact).toMatchObject({
      dealId: deal!.id,
      contactId: deal!.contactIds[0],
      stageId: STAGES.first,
      stage: 'Первичный контакт',
    });
    expect(deal).toMatchObject({ pipelineId: PIPELINE, statusId: STAGES.first });
    expect(deal!.name).toContain(lead.name);
    expect(JSON.stringify(deal)).toContain('proftest_spring_a');
    expect(JSON.stringify(deal)).toContain('instagram');
    expect(JSON.stringify(deal)).toContain(lead.leadId);
    const [contact] = await contactsOf(lead);
    expect(contact).toMatchObject({ phones: [lead.phone], emails: [lead.email], name: lead.name });
    const notes = await rig.control().amocrm.notes(deal!.id);
    expect(notes).toHaveLength(1);
    expect(JSON.stringify(notes)).toContain('Итог теста: Аналитик данных');
    expect(JSON.stringify(notes)).toContain('Числа');
  });

  test.each([
    ['kaspi', STAGES.kaspi],
    ['halyk', STAGES.halyk],
    ['robokassa', STAGES.robokassa],
  ])('paid by %s lands on that stage', async (paymentMethod, stageId) => {
    await startCrm();
    const lead = someLead({ kind: 'purchase', source: 'course_purchase', paymentMethod });
    await publishLead(lead);

    expect(await synced(lead)).toMatchObject({ stageId });
    expect(await dealsOf(lead)).toMatchObject([{ statusId: stageId }]);
  });

  test('paid in an unknown way lands on the default stage, with a note', async () => {
    await startCrm();
    const lead = someLead({ kind: 'purchase', paymentMethod: 'crypto', answers: {} });
    await publishLead(lead);

    const { dealId, stageId } = await synced(lead);
    expect(stageId).toBe(STAGES.first);
    expect(JSON.stringify(await rig.control().amocrm.notes(dealId))).toContain('crypto');
  });

  test.each([
    ['phone', { phone: null, contactIssues: ['phone_missing' as const] }],
    ['email', { email: null, contactIssues: ['email_missing' as const] }],
  ])('without %s is a deal all the same', async (_what, missing) => {
    await startCrm();
    const lead = someLead(missing);
    await publishLead(lead);

    expect(await synced(lead)).toMatchObject({ stageId: STAGES.first });
    expect(await dealsOf(lead)).toHaveLength(1);
    expect(await contactsOf(lead)).toHaveLength(1);
  });

  test('that is published again is still one deal with one note, and AmoCRM is not even asked', async () => {
    const service = await startCrm();
    const lead = someLead();
    await publishLead(lead);
    const { dealId } = await synced(lead);
    const before = (await rig.control().requests('amocrm')).length;
    const subject = subjects.redrive('crm-sync', '1', subjects.leadCreated(lead.kind, lead.leadId));
    const { seq } = await rig.bus().publish(subject, leadCreated(lead));
    await rig.handled([service], seq);

    expect(await dealsOf(lead)).toHaveLength(1);
    expect(await rig.control().amocrm.notes(dealId)).toHaveLength(1);
    expect((await rig.control().requests('amocrm')).length).toBe(before);
  });
});

test('a lead that was let out of quarantine is a deal, once, however often it is let out', async () => {
  const service = await startCrm();
  const lead = someLead();
  const release = () => {
    const data = lead;
    const about = { source: 'cli', subject: lead.leadId };
    const event = makeEvent('lead.released.v1', { ...about, data });
    return rig.bus().publish(subjects.leadReleased(lead.kind, lead.leadId), event);
  };
  await release();
  const { dealId } = await synced(lead);
  const { seq } = await release();
  await rig.handled([service], seq);
  expect(await dealsOf(lead)).toMatchObject([{ id: dealId }]);
  expect(await rig.control().amocrm.notes(dealId)).toHaveLength(1);
});

test('every call is told to the log of integrations, without contact data', async () => {
  await startCrm();
  const lead = someLead();
  await publishLead(lead);
  await synced(lead);

  const { state } = await (await rig.bus().manager()).streams.info('CALLS');
  const newest = Array.from({ length: 8 }, (_, n) => state.last_seq - n);
  const calls = await Promise.all(newest.map((seq) => rig.bus().atSequence('CALLS', seq)));
  const told = calls
    .map((call) => JSON.stringify(call?.event))
    .filter((text) => text.includes(lead.leadId));
  expect(told.join()).toContain('amocrm.create_deal_and_contact');
  expect(told.join()).not.toContain(lead.phone);
  expect(told.join()).not.toContain(lead.email);
});

test('a configuration that lets nobody in stops the service with what is missing', async () => {
  await expect(startCrm({ AMOCRM_LONG_LIVED_TOKEN: '' })).rejects.toThrow(
    /AMOCRM_CLIENT_ID: missing \(expected for OAuth; or give AMOCRM_LONG_LIVED_TOKEN instead\)/,
  );
});
