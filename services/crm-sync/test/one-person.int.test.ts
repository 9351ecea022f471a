import { describe, expect, test } from 'vitest';
import { someLead } from '@leadwire/testing/lead';
import { STAGES, useRig } from './rig.ts';

const rig = useRig();
const { startCrm, startTwo, publishLead, synced, dealsOf, contactsOf } = rig;
const amocrm = () => rig.control().amocrm;

describe('several leads of one person', () => {
  const { phone, email } = someLead();
  const address = someLead().email;
  // All of them share one value: leads that only a third one ties together may well be two contacts.
  test.each([
    ['phone', [{}, { email: null }, { email }, { email }, {}].map((own) => ({ phone, ...own }))],
    ['address', [{}, { phone: null }, {}].map((own) => ({ email: address, ...own }))],
  ])(
    'with one %s at one moment, on two replicas, make one contact and one deal',
    async (_what, given) => {
      await startTwo();
      await amocrm().set({ indexLagMs: 500 });
      const leads = given.map((person) => someLead(person));
      await Promise.all(leads.map(publishLead));

      const facts = [];
      for (const lead of leads) facts.push(await synced(lead));
      expect(new Set(facts.map(({ dealId }) => dealId)).size).toBe(1);
      expect(new Set(facts.map(({ contactId }) => contactId)).size).toBe(1);
      expect(await dealsOf(leads[0]!)).toHaveLength(1);
      expect(await contactsOf(leads[0]!)).toHaveLength(1);
      expect(await amocrm().notes(facts[0]!.dealId)).toHaveLength(leads.length);
      await amocrm().set({ indexLagMs: 0 });
    },
  );

  test('whom only a later lead shows to be one stay two contacts; it goes to the one with its phone', async () => {
    await startTwo();
    const byPhone = someLead();
    const byEmail = someLead();
    await Promise.all([byPhone, byEmail].map(publishLead));
    const [withPhone, withEmail] = [await synced(byPhone), await synced(byEmail)];
    const both = someLead({ phone: byPhone.phone, email: byEmail.email });
    await publishLead(both);

    expect(withEmail.contactId).not.toBe(withPhone.contactId);
    const { dealId, contactId } = await synced(both);
    expect({ dealId, contactId }).toEqual({
      dealId: withPhone.dealId,
      contactId: withPhone.contactId,
    });
    expect(await contactsOf(both)).toHaveLength(2);
    expect(await dealsOf(both)).toHaveLength(2);
  });

  test('one after the other reuse the deal, although the search does not know it yet', async () => {
    await startTwo();
    await amocrm().set({ indexLagMs: 60_000 });
    const first = someLead();
    await publishLead(first);
    const { dealId } = await synced(first);
    const second = someLead({ phone: first.phone, kind: 'purchase', paymentMethod: 'kaspi' });
    await publishLead(second);

    expect(await synced(second)).toMatchObject({ dealId, stageId: STAGES.kaspi });
    expect(await rig.told(first.leadId, 'moved')).toMatchObject({ dealId, stageId: STAGES.kaspi });
    const [contact] = await contactsOf(first);
    expect(contact!.emails).toEqual([first.email]);
    await amocrm().set({ indexLagMs: 0 });
  });
});

describe('a contact that AmoCRM has already', () => {
  test('is reused however its number was typed, and keeps what a person entered', async () => {
    await startCrm();
    const lead = someLead();
    const typed = `8 (705) 123-${lead.phone!.slice(-4, -2)}-${lead.phone!.slice(-2)}`;
    const contact = await amocrm().addContact({
      name: 'Айгерим С.',
      phones: ['+7 727 250 00 00', typed],
      emails: ['old@mail.leadwire-sample.kz'],
    });
    await publishLead(lead);

    expect(await synced(lead)).toMatchObject({ contactId: contact.id });
    const [found, ...more] = await contactsOf(lead);
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      id: contact.id,
      name: 'Айгерим С.',
      phones: ['+7 727 250 00 00', typed],
      emails: ['old@mail.leadwire-sample.kz'],
    });
    expect(await dealsOf(lead)).toHaveLength(1);
  });

  test('is left alone when it only resembles: a near number, the same name, the same mailbox elsewhere', async () => {
    await startCrm();
    const lead = someLead();
    const near = `+7747${lead.phone!.slice(5)}`;
    const [mailbox] = lead.email!.split('@');
    const stranger = await amocrm().addContact({
      name: lead.name,
      phones: [near],
      emails: [`${mailbox}@other.leadwire-sample.kz`],
    });
    const strangersDeal = await amocrm().addLead({ contactIds: [stranger.id] });
    await publishLead(lead);

    const { contactId, dealId } = await synced(lead);
    expect(contactId).not.toBe(stranger.id);
    expect(dealId).not.toBe(strangersDeal.id);
  });

  test('keeps its manager and its deal’s name; the open deal is moved to the stage of the payment', async () => {
    await startCrm();
    const lead = someLead({ kind: 'purchase', paymentMethod: 'halyk' });
    const contact = await amocrm().addContact({ name: 'Айгерим', phones: [lead.phone!] });
    const deal = await amocrm().addLead({
      name: 'Перезвонить',
      contactIds: [contact.id],
      responsibleUserId: 9_100_003,
      statusId: STAGES.first,
    });
    await publishLead(lead);

    expect(await synced(lead)).toMatchObject({ dealId: deal.id, stageId: STAGES.halyk });
    expect(await rig.deal(deal.id)).toMatchObject({
      name: 'Перезвонить',
      responsibleUserId: 9_100_003,
      statusId: STAGES.halyk,
    });
  });
});

describe('an existing deal', () => {
  const withDeal = async (statusId: number, pipelineId?: number) => {
    const lead = someLead({ kind: 'purchase', paymentMethod: 'kaspi' });
    const contact = await amocrm().addContact({ name: 'Айгерим', phones: [lead.phone!] });
    const place = { statusId, ...(pipelineId !== undefined && { pipelineId }) };
    const deal = await amocrm().addLead({ contactIds: [contact.id], ...place });
    await publishLead(lead);
    return { deal, fact: await synced(lead) };
  };

  test('that is further on is not moved back', async () => {
    await startCrm();
    const { deal, fact } = await withDeal(STAGES.lesson2);
    expect(fact).toMatchObject({ dealId: deal.id, stageId: STAGES.lesson2 });
    expect(await rig.deal(deal.id)).toMatchObject({ statusId: STAGES.lesson2 });
  });

  test.each([
    ['won', STAGES.won],
    ['lost', STAGES.lost],
  ])('that is %s stays so: the person gets a new one', async (_what, statusId) => {
    await startCrm();
    const { deal, fact } = await withDeal(statusId);
    expect(fact.dealId).not.toBe(deal.id);
    expect(await rig.deal(deal.id)).toMatchObject({ statusId });
    expect(await rig.deal(fact.dealId)).toMatchObject({ contactIds: deal.contactIds });
  });

  test('of another pipeline is none of our business', async () => {
    await startCrm();
    const { deal, fact } = await withDeal(83_209_001, 10_350_990);
    expect(fact.dealId).not.toBe(deal.id);
  });

  test('on 142 is moved on when the configuration itself uses that number', async () => {
    await startCrm({ AMOCRM_STAGE_KASPI: '142', AMOCRM_STAGE_ROBOKASSA: '144' });
    const lead = someLead({ kind: 'purchase', paymentMethod: 'kaspi' });
    await publishLead(lead);
    const { dealId } = await synced(lead);
    expect(await rig.deal(dealId)).toMatchObject({ statusId: 142 });
    const again = someLead({ phone: lead.phone, kind: 'purchase', paymentMethod: 'halyk' });
    await publishLead(again);
    expect((await synced(again)).dealId).toBe(dealId);
  });
});
