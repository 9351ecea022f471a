/** A form proves nothing about who sent it: what it may change in AmoCRM, and what it may not. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Lead } from '@leadwire/shared/contract/events';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { createCrmSync, type CrmSync } from '../src/handler.ts';
import { STAGES, useRig } from './rig.ts';

const INCOMING = 83_201_001;

const rig = useRig();
const amocrm = () => rig.control().amocrm;
let crm: CrmSync;
beforeAll(() => {
  crm = createCrmSync(rig.ports());
});

const paid = (own: Partial<Lead> = {}) =>
  someLead({ kind: 'purchase', source: 'course_purchase', paymentMethod: 'kaspi', ...own });
const sync = async (...leads: Lead[]) => {
  for (const lead of leads) await crm.syncLead(leadCreated(lead));
  return rig.synced(leads.at(-1)!);
};
/** A contact and a deal that a manager has made by hand. */
const byHand = async (
  contact: { phones?: string[]; emails?: string[] },
  statusId: number = STAGES.first,
) => {
  const { id } = await amocrm().addContact({ name: 'Айгерим', ...contact });
  const deal = await amocrm().addLead({ name: 'Перезвонить', contactIds: [id], statusId });
  return { contactId: id, dealId: deal.id };
};
const notesOf = async (dealId: number | undefined) =>
  (await amocrm().notes(dealId)).map(({ text }) => text);
const fieldsOf = async (dealId: number | undefined) =>
  Object.values((await rig.deal(dealId)).fields).flat();

test('16 leads with one phone are one contact and one deal, with a note for each', async () => {
  const first = someLead();
  const others = Array.from({ length: 15 }, (_, n) =>
    paid({ phone: first.phone, name: `Имя ${n}` }),
  );
  const { dealId } = await sync(first, ...others);

  expect(await rig.dealsOf(first)).toMatchObject([{ id: dealId, statusId: STAGES.kaspi }]);
  expect(await rig.contactsOf(first)).toMatchObject([
    { name: first.name, phones: [first.phone], emails: [first.email] },
  ]);
  const notes = await notesOf(dealId);
  expect(notes).toHaveLength(16);
  for (const lead of others) expect(notes.join()).toContain(lead.email);
  expect(notes.filter((text) => text.includes('Повторно'))).toHaveLength(15);
});

describe('a form with somebody’s address', () => {
  test('moves, tags and tracks nothing that a manager has made; it leaves a note', async () => {
    const lead = paid();
    const { dealId, contactId } = await byHand({
      emails: [lead.email!],
      phones: ['+7 700 000 00 77'],
    });
    expect(await sync(lead)).toMatchObject({ dealId, contactId, stageId: STAGES.first });

    expect(await rig.deal(dealId)).toMatchObject({ statusId: STAGES.first, tags: [] });
    expect(await fieldsOf(dealId)).toEqual([]);
    const [contact] = await rig.contactsOf(lead);
    expect(contact).toMatchObject({ phones: ['+7 700 000 00 77'], emails: [lead.email] });
    const [note] = await notesOf(dealId);
    expect(note).toContain(lead.phone);
    expect(note).toContain('Этап не изменён');
  });

  test('is nobody else’s way in: its phone, come alone, still moves nothing', async () => {
    const [stranger, later] = [paid(), paid({ email: null })];
    const { dealId } = await byHand({ emails: [stranger.email!], phones: ['+7 700 000 00 78'] });
    await sync(stranger, { ...later, phone: stranger.phone });
    expect(await rig.deal(dealId)).toMatchObject({ statusId: STAGES.first });
  });

  test('fills in a phone where the card has none', async () => {
    const lead = paid();
    await byHand({ emails: [lead.email!] });
    await sync(lead);
    expect(await rig.contactsOf(lead)).toMatchObject([{ phones: [lead.phone] }]);
  });
});

describe('a form with somebody’s phone', () => {
  test('moves their open deal and puts no stranger’s address into the card', async () => {
    const lead = paid();
    const own = ['own@mail.leadwire-sample.kz'];
    const { dealId } = await byHand({ phones: [lead.phone!], emails: own });
    expect(await sync(lead)).toMatchObject({ dealId, stageId: STAGES.kaspi });

    expect(await rig.contactsOf(lead)).toMatchObject([{ emails: own }]);
    expect((await notesOf(dealId)).join()).toContain('карточка не изменена');
  });

  test('leaves a deal among the incoming ones where it is, and notes what was wanted', async () => {
    const lead = paid();
    const { dealId } = await byHand({ phones: [lead.phone!] }, INCOMING);
    expect(await sync(lead)).toMatchObject({ dealId, stageId: INCOMING });

    expect(await rig.deal(dealId)).toMatchObject({ statusId: INCOMING });
    expect((await notesOf(dealId)).join()).toContain('Неразобранном');
  });

  test('whose move AmoCRM refuses has its deal all the same; the row, an alert and the note say so', async () => {
    const lead = paid();
    const { dealId } = await byHand({ phones: [lead.phone!] });
    await rig.control().addFault({
      provider: 'amocrm',
      method: 'PATCH',
      path: '/api/v4/leads/*',
      action: {
        do: 'fixed',
        status: 400,
        headers: { 'content-type': 'application/problem+json' },
        body: JSON.stringify({
          'validation-errors': [
            { errors: [{ code: 'NotSupportedChoice', path: 'responsible_user_id', detail: '' }] },
          ],
        }),
      },
    });
    const fact = await sync(lead);

    expect(fact).toMatchObject({ dealId, stageId: STAGES.first });
    expect(fact.error).toContain('responsible_user_id');
    expect((await notesOf(dealId)).join()).toContain('AmoCRM не принял перенос');
  });
});

test('tracking is one click’s: the first stays in the fields, the later one is in its note', async () => {
  const first = someLead({ utm: { source: 'instagram' } });
  const second = paid({
    phone: first.phone,
    utm: { source: 'google', medium: 'cpc', campaign: 'brand_2026' },
    attribution: { clickIds: { gclid: 'Cj0KCQ' } },
  });
  const { dealId } = await sync(first, second);
  expect(await fieldsOf(dealId)).toEqual(['instagram']);
  expect((await notesOf(dealId)).at(-1)).toContain('google / cpc / brand_2026');

  const alone = { ...second, leadId: someLead().leadId, phone: someLead().phone, email: null };
  const fields = await fieldsOf((await sync(alone)).dealId);
  expect(fields.sort()).toEqual(['Cj0KCQ', 'brand_2026', 'cpc', 'google']);
});

test.each([
  ['without its plus, from Uzbekistan', '998900000110', '+998900000110'],
  ['without its plus, from Russia', '79260000110', '+79260000110'],
  ['beside another one in the same field', '87050000110, 87770000110', '+77050000110'],
])('a card with the number %s is the person’s', async (_what, inCard, phone) => {
  const { contactId, dealId } = await byHand({ phones: [inCard] });
  expect(await sync(paid({ phone, email: null }))).toMatchObject({ contactId, dealId });
});

test('somebody who asks to be called is a deal with a note, on the first stage', async () => {
  const lead = someLead({
    kind: 'request',
    source: 'form_tilda',
    campaign: 'tilda',
    form: 'tilda',
  });
  const { dealId } = await sync(lead);
  expect(await rig.deal(dealId)).toMatchObject({
    statusId: STAGES.first,
    tags: ['form_tilda', 'tilda'],
  });
  expect((await notesOf(dealId))[0]).toContain('Заявка (form_tilda)');
});
