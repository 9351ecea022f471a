/** What happens between two steps: the service's parts in this process, one of them spoiled. */
import { describe, expect, test } from 'vitest';
import { AmbiguousError, SnoozeError, TransientError } from '@leadwire/shared/errors';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import type { Amocrm } from '../src/amocrm.ts';
import { createCrmSync } from '../src/handler.ts';
import { CONTACT_HASH_SECRET } from '@leadwire/testing/settings';
import { personKeys } from '../src/match.ts';
import { createSyncDeal } from '../src/sync-deal.ts';
import type { DealPorts, DesiredDeal } from '../src/desired-deal.ts';
import { STAGES, useRig } from './rig.ts';
import { syncUntilDone as untilDone, desiredFor } from './desired-deals.ts';

const rig = useRig();
const { dealsOf, contactsOf } = rig;
const amocrm = () => rig.control().amocrm;
const REFUSED = {
  do: 'fixed' as const,
  status: 400,
  headers: { 'content-type': 'application/problem+json' },
};
const refusing = (path: string) =>
  JSON.stringify({
    title: 'Bad Request',
    status: 400,
    detail: 'Request validation failed',
    'validation-errors': [
      { request_id: '0', errors: [{ code: 'NotSupportedChoice', path, detail: '' }] },
    ],
  });

const sync = (desired: DesiredDeal, spoiled: Partial<DealPorts> = {}) =>
  createSyncDeal({ ...rig.ports(), ...spoiled })(desired);

const syncUntilDone = (desired: DesiredDeal, spoiled: Partial<DealPorts> = {}) =>
  untilDone({ ...rig.ports(), ...spoiled }, desired);

/** AmoCRM with some of its calls replaced, also when it is asked about a lead. */
function spoil(original: Amocrm, change: (amocrm: Amocrm) => Partial<Amocrm>): Amocrm {
  const spoiled: Amocrm = {
    ...original,
    ...change(original),
    about: () => spoiled,
  };
  return spoiled;
}

describe('a create that happened and could not be written down', () => {
  test('is not made again: its claim stays, whatever failed afterwards', async () => {
    await amocrm().set({ indexLagMs: 300 });
    const lead = someLead();
    const { map } = rig.ports();
    let failures = 1;
    const forgetful: DealPorts['map'] = {
      ...map,
      record: (...given) => {
        failures -= 1;
        if (failures < 0) return map.record(...given);
        return Promise.reject(new TransientError('the broker is away', { outage: true }));
      },
    };
    await expect(sync(desiredFor(lead), { map: forgetful })).rejects.toThrow('the broker is away');
    await syncUntilDone(desiredFor(lead));

    expect(await dealsOf(lead)).toHaveLength(1);
    expect(await contactsOf(lead)).toHaveLength(1);
    await amocrm().set({ indexLagMs: 0 });
  });

  test.each([
    ['204', { status: 204, body: '' }],
    ['200 without a body', { status: 200, body: '' }],
    ['200 with other words', { status: 200, body: '{"ok":true}' }],
  ])('because the answer was %s is looked for', async (_what, answer) => {
    const lead = someLead();
    await rig.control().addFault({
      provider: 'amocrm',
      method: 'POST',
      path: '/api/v4/leads/complex',
      nth: 1,
      action: { do: 'effect-then-fixed', ...answer },
    });
    await expect(sync(desiredFor(lead))).rejects.toThrow(AmbiguousError);
    await syncUntilDone(desiredFor(lead));
    expect(await dealsOf(lead)).toHaveLength(1);
  });
});

test('a move that was not told to the other leads of the deal is told when the message comes again', async () => {
  const ports = rig.ports();
  const [first, again] = [someLead(), someLead({ kind: 'purchase', paymentMethod: 'kaspi' })];
  const paid = { ...again, phone: first.phone };
  await createCrmSync(ports).syncLead(leadCreated(first));
  const away = () => Promise.reject(new TransientError('the broker is away', { outage: true }));
  const mute = createCrmSync({ ...ports, facts: { ...ports.facts, tell: away } });
  await expect(mute.syncLead(leadCreated(paid))).rejects.toThrow('the broker is away');

  await createCrmSync(ports).syncLead(leadCreated(paid));
  expect(await rig.told(first.leadId, 'moved')).toMatchObject({ stageId: STAGES.kaspi });
});

describe('a worker that was away while another one took over', () => {
  test('neither claims what has changed nor gives back what it does not hold', async () => {
    const { map } = rig.ports();
    const lead = someLead();
    const other = someLead({ phone: lead.phone });
    const keys = personKeys(CONTACT_HASH_SECRET, { ...lead }, lead.leadId);
    const othersKeys = personKeys(CONTACT_HASH_SECRET, { ...other }, other.leadId);
    const early = await map.claim(lead.leadId, keys, undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const late = await map.claim(lead.leadId, keys, early);

    await expect(map.claim(lead.leadId, keys, early)).rejects.toThrow(SnoozeError);
    await map.release(lead.leadId, keys, early);
    expect(await map.lead(lead.leadId)).toEqual(late);

    const shared = keys.filter((key) => othersKeys.includes(key));
    await map.claim(other.leadId, shared, undefined);
    await map.release(lead.leadId, keys, late);
    for (const key of shared) expect((await map.person(key))?.claim?.by).toBe(other.leadId);
  });

  test('does not move a deal by what it knew long ago', async () => {
    const lead = someLead();
    const { dealId } = await sync(desiredFor(lead));
    let skippedMs = 0;
    const ports = rig.ports();
    const waiting = spoil(ports.amocrm, (original) => ({
      updateDeal(...given) {
        skippedMs = 5 * 60_000;
        return original.updateDeal(...given);
      },
    }));
    const again = desiredFor(someLead({ phone: lead.phone }), STAGES.kaspi);
    const late = { amocrm: waiting, now: () => Date.now() + skippedMs };
    await expect(sync(again, late)).rejects.toThrow(SnoozeError);
    expect(await rig.deal(dealId)).toMatchObject({ statusId: STAGES.first });
  });
});

describe('deleted by somebody at this moment', () => {
  test('the deal that was to be moved: the person gets a new one', async () => {
    const lead = someLead();
    const { dealId } = await sync(desiredFor(lead));
    const ports = rig.ports();
    const unlucky = spoil(ports.amocrm, (original) => ({
      async updateDeal(id, ...rest) {
        if (id === dealId) await amocrm().deleteLead(id);
        return original.updateDeal(id, ...rest);
      },
    }));
    const again = desiredFor(someLead({ phone: lead.phone }), STAGES.kaspi);
    await expect(sync(again, { amocrm: unlucky })).rejects.toThrow(TransientError);
    const made = await syncUntilDone(again, { amocrm: unlucky });

    expect(made.dealId).not.toBe(dealId);
    expect(await dealsOf(lead)).toMatchObject([{ id: made.dealId, statusId: STAGES.kaspi }]);
  });

  test('the deal that was to get its note', async () => {
    const lead = someLead();
    let isFirst = true;
    const unlucky = spoil(rig.ports().amocrm, (original) => ({
      async addNote(id, ...rest) {
        if (isFirst) await amocrm().deleteLead(id);
        isFirst = false;
        return original.addNote(id, ...rest);
      },
    }));
    const { dealId } = await syncUntilDone(desiredFor(lead), { amocrm: unlucky });
    expect(await dealsOf(lead)).toMatchObject([{ id: dealId }]);
    expect(await amocrm().notes(dealId)).toHaveLength(1);
  });
});

describe('what AmoCRM refuses does not cost the deal', () => {
  test('a contact’s own numbers, that somebody typed by hand', async () => {
    const lead = someLead();
    await amocrm().addContact({ name: 'Айгерим', phones: [lead.phone!] });
    await rig.control().addFault({
      provider: 'amocrm',
      method: 'PATCH',
      path: '/api/v4/contacts/*',
      action: { ...REFUSED, body: refusing('custom_fields_values.0.values.0.value') },
    });
    const { problem } = await sync(desiredFor(lead));
    expect(problem).toContain('field EMAIL');
    expect(await dealsOf(lead)).toHaveLength(1);
    await rig.control().clearFaults();
  });

  test('a note', async () => {
    const lead = someLead();
    await rig.control().addFault({
      provider: 'amocrm',
      method: 'POST',
      path: '/api/v4/leads/*/notes',
      action: { ...REFUSED, body: refusing('params.text') },
    });
    const { problem } = await sync(desiredFor(lead));
    expect(problem).toContain('the note');
    expect(await dealsOf(lead)).toHaveLength(1);
    await rig.control().clearFaults();
  });
});

describe('who is whose', () => {
  test('two numbers of one contact at one moment: what one lead has filled in the other keeps', async () => {
    const [one, other] = [someLead(), someLead()];
    await amocrm().addContact({ name: 'Айгерим', phones: [one.phone!, other.phone!] });
    await Promise.all([syncUntilDone(desiredFor(one)), syncUntilDone(desiredFor(other))]);

    const [contact, ...more] = await contactsOf(one);
    expect(more).toEqual([]);
    expect(contact!.emails).toHaveLength(1);
    expect([one.email, other.email]).toContain(contact!.emails[0]);
    expect(await dealsOf(one)).toHaveLength(1);
  });

  test('who comes later with the number that somebody else gave by mistake is somebody else', async () => {
    const mistaken = someLead();
    const { contactId } = await sync(desiredFor(mistaken));
    const { map } = rig.ports();
    await amocrm().deleteContact(contactId!);
    // A manager has corrected it: our map still says that the number is this contact's.
    const corrected = await amocrm().addContact({
      name: 'Айгерим',
      phones: ['+77059990001'],
      emails: [mistaken.email!],
    });
    const made = { dealId: 1, stageId: undefined, problem: undefined, contactId: corrected.id };
    const keys = personKeys(CONTACT_HASH_SECRET, { ...mistaken }, mistaken.leadId);
    await map.record(mistaken.leadId, keys, made);

    const owner = someLead({ phone: mistaken.phone });
    expect((await sync(desiredFor(owner))).contactId).not.toBe(corrected.id);
  });

  test('a deal on which a manager has put somebody else first stays its person’s', async () => {
    const lead = someLead();
    const parent = await amocrm().addContact({ name: 'Мама', phones: ['+77059990002'] });
    const own = await amocrm().addContact({ name: 'Айгерим', phones: [lead.phone!] });
    await amocrm().addLead({ contactIds: [parent.id, own.id], statusId: STAGES.first });
    // A student is looked at again with each lesson.
    const desired = desiredFor(lead);
    expect((await sync(desired)).contactId).toBe(own.id);
    expect((await sync(desired)).contactId).toBe(own.id);
    expect((await sync(desiredFor(someLead({ phone: lead.phone })))).contactId).toBe(own.id);
    const [untouched] = (await amocrm().contacts()).filter(({ id }) => id === parent.id);
    expect(untouched).toMatchObject({ phones: ['+77059990002'], emails: [] });
  });

  test('a deal that a manager has taken to another pipeline stays there', async () => {
    const lead = someLead();
    const { dealId } = await sync(desiredFor(lead));
    await amocrm().moveLead(dealId, 83_209_001, { pipelineId: 10_350_990 });
    const again = await sync(desiredFor(lead, STAGES.lesson1));
    expect(again).toMatchObject({ dealId, stageId: 83_209_001 });
    expect(await rig.deal(dealId)).toMatchObject({ pipelineId: 10_350_990 });
  });
});
