/** Leads on their whole way, from the request that a sender really makes to the row, message, deal and notice. */
import { expect, test } from 'vitest';
import { changeForm } from '@leadwire/operations/forms/form-store';
import { releaseLeads } from '@leadwire/operations/leads/release';
import { builders } from '@leadwire/sandbox/senders/builders';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { POLL_MS, useWholeStack, type LeadRow } from './whole-stack.ts';

/** More than the senders make leads, and far less than a flood. */
const FLOOD_LIMIT = 50;
const FLOOD = 600;
const ADDRESSES = 100;
const AT_ONCE = 60;
const SECRET = 'a-secret-of-the-form';
const FORM = 'everywhere';
/** Of the played Facebook page. */
const FACEBOOK_FORM = '700000000000001';

/** Of each test here: a lead's whole way, on a machine that is busy with others. */
const LONGEST_MS = 400_000;

const stack = useWholeStack({ FLOOD_LEADS_PER_MINUTE: String(FLOOD_LIMIT) });

async function addForms(): Promise<void> {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } =
    stack.supabase().env;
  const database = createDatabase({ project: 'landing', url, serviceKey });
  const parts = { bus: stack.bus(), actor: 'test' };
  await changeForm(parts, database, { slug: FORM, kind: 'proftest', secret: SECRET });
  await changeForm(parts, database, { slug: FACEBOOK_FORM, kind: 'proftest' });
}

/** Presses the sender's button on the sandbox's page; answers what it shows. */
async function press(builder: string, person: object, id: string): Promise<string> {
  const fields = { builder, form: FORM, secret: SECRET, id, ...person };
  const response = await fetch(`${stack.sandbox().url}/senders/`, {
    method: 'POST',
    body: new URLSearchParams(fields),
  });
  const [, answer = ''] = /id="answer">([^<]*)</.exec(await response.text()) ?? [];
  return answer;
}

const rowsWith = (phones: readonly string[]) =>
  stack
    .supabase()
    .landing.sql<LeadRow & Record<string, unknown>>(
      'select * from landing_leads where phone = any($1)',
      [phones],
    );

/** What the providers really did for a lead. */
async function effectsOf({ id, phone, email }: LeadRow) {
  const { control } = stack.sandbox();
  const [mails, texts, deals, contacts, shown] = await Promise.all([
    control.mails(email),
    control.sms(phone.replace(/\D/g, '')),
    control.amocrm.leads(),
    control.amocrm.contacts(),
    stack.timesShown(id),
  ]);
  const cards = contacts.filter(({ emails }) => emails.includes(email)).map((card) => card.id);
  const own = deals.filter(({ contactIds }) => contactIds.some((card) => cards.includes(card)));
  const counts = { mails: mails.length, sms: texts.length, deals: own.length, shown };
  return { counts, deal: own[0] };
}
const ONCE = { mails: 1, sms: 1, deals: 1, shown: 1 };
const NOTHING = { mails: 0, sms: 0, deals: 0, shown: 0 };

async function countLeads(): Promise<number> {
  const { state } = await (await stack.bus().manager()).streams.info('LEADS');
  return state.messages;
}

/** Where each sender's lead came from, as the request itself says it. */
const SPRING = ['ig', 'spring'];
const CAME_FROM: Record<string, readonly (string | null)[]> = {
  'google-forms': [null, null],
  jotform: [null, null],
  'google-ads': ['google', '2000002'],
  facebook: ['instagram', 'spring'],
  'facebook-hook': ['facebook', 'spring'],
};

test(
  'every sender’s lead, sent twice, is one row, one mail, one SMS, one deal and one notice',
  async () => {
    await addForms();
    // Facebook tells of each lead three times.
    await fetch(`${stack.sandbox().url}/__sim/facebook/settings`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ trouble: { duplicates: 2 } }),
    });
    const senders = [...builders.map(({ id }) => id), 'facebook-hook'].map((id, n) => ({
      id,
      person: stack.somebody(n),
    }));
    for (const { id, person } of senders) {
      const submission = newId();
      const said = [await press(id, person, submission)];
      if (id !== 'facebook-hook') said.push(await press(id, person, submission));
      expect([id, said.filter((each) => !/^200 |хук отправлен/.test(each))]).toEqual([id, []]);
    }
    // Senders that try the address out make no lead.
    for (const { id } of builders.filter(({ trial }) => trial !== undefined)) {
      expect(await press(`${id}:trial`, stack.somebody(99), newId())).toMatch(/^200 /);
    }

    const phones = senders.map(({ person }) => person.phone);
    const found = await waitFor(
      async () => {
        const rows = await rowsWith(phones);
        return rows.length >= senders.length ? rows : undefined;
      },
      { timeoutMs: 90_000, pollMs: POLL_MS, what: 'the row of every lead' },
    );
    const rows = await stack.allDone(found.map(({ id }) => id));
    expect(await countLeads()).toBe(senders.length);
    for (const { id, person } of senders) {
      const own = rows.filter(({ phone }) => phone === person.phone);
      expect([id, own]).toEqual([id, [expect.objectContaining({ name: person.name })]]);
      const [row] = own as [LeadRow];
      const { counts, deal } = await effectsOf(row);
      expect([id, counts]).toEqual([id, ONCE]);
      const [source = null, campaign = null] = CAME_FROM[id] ?? SPRING;
      expect([id, row.utm_source, row.utm_campaign]).toEqual([id, source, campaign]);
      expect([id, deal?.id]).toEqual([id, Number(row.amocrm_deal_id)]);
      const told = [
        deal?.fields['UTM_SOURCE']?.[0] ?? null,
        deal?.fields['UTM_CAMPAIGN']?.[0] ?? null,
      ];
      expect([id, ...told]).toEqual([id, source, campaign]);
    }
  },
  LONGEST_MS,
);

/** The played minute goes by: what was counted is of before. */
async function aMinuteLater(): Promise<void> {
  const bucket = await stack.bus().bucket('limits');
  const read = async () => {
    const entry = await bucket.get('intake_rate');
    const value = entry?.json<{ slots: Record<string, number>; flood: object | null }>();
    return { value, revision: entry?.revision ?? 0 };
  };
  await waitFor(
    async () => {
      const { value, revision } = await read();
      if (value === undefined || value.flood === null) return true;
      await bucket.update('intake_rate', JSON.stringify({ ...value, slots: {} }), revision);
      return false;
    },
    { timeoutMs: 30_000, pollMs: POLL_MS, what: 'the flood to be over' },
  );
}

async function floodAlerts(): Promise<Alert[]> {
  const found: Alert[] = [];
  const subject = subjects.alert('*', 'flood');
  for await (const { json } of readStream(stack.bus(), 'ALERTS', { subject })) {
    found.push((json as { data: Alert }).data);
  }
  return found;
}

async function sendAsPerson(n: number): Promise<string> {
  const response = await stack.post('/api/landing/proftest', stack.somebody(n));
  expect(response.status).toBe(201);
  return ((await response.json()) as { leadId: string }).leadId;
}

async function countFlooded(): Promise<number> {
  const [row] = await stack
    .supabase()
    .landing.sql<{ count: number }>(
      "select count(*)::int as count from landing_leads where phone >= '+77000001000'",
    );
  return row?.count ?? 0;
}

async function flood(): Promise<string[]> {
  const leadIds: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < FLOOD) {
      const n = next;
      next += 1;
      const address = n % ADDRESSES;
      const from = `198.51.${Math.floor(address / 250)}.${address % 250}`;
      const response = await stack.post('/api/landing/proftest', stack.somebody(1_000 + n), {
        'x-forwarded-for': from,
      });
      expect(response.status).toBe(201);
      leadIds.push(((await response.json()) as { leadId: string }).leadId);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return leadIds;
}

test(
  'of 600 leads in a minute from 100 addresses nothing goes on, and real ones before and after do',
  async () => {
    const before = [await sendAsPerson(901), await sendAsPerson(902)];
    const leadIds = await flood();
    expect(new Set(leadIds).size).toBe(FLOOD);
    await waitFor(async () => (await countFlooded()) === FLOOD, {
      timeoutMs: 120_000,
      pollMs: POLL_MS,
      what: 'the row of every lead',
    });
    const rows = await stack.rowsOf(leadIds);
    const held = rows.filter(({ quarantined }) => quarantined);
    // What came before anybody could know that it was a flood is a lead like any other.
    expect(FLOOD - held.length).toBeLessThanOrEqual(FLOOD_LIMIT);
    await aMinuteLater();
    const after = [await sendAsPerson(903), await sendAsPerson(904)];
    await stack.allDone([...before, ...after]);

    const chosen = held.slice(0, 3).map(({ id }) => id);
    const parts = { bus: stack.bus(), actor: 'test' };
    await Promise.all([1, 2].map(() => releaseLeads(parts, { leadIds: chosen })));
    await releaseLeads(parts, { leadIds: chosen });
    const released = await stack.allDone(chosen);
    for (const row of [...(await stack.rowsOf([...before, ...after])), ...released]) {
      expect((await effectsOf(row)).counts).toEqual(ONCE);
    }

    const kept = held.filter(({ id }) => !chosen.includes(id));
    const passed = leadIds.filter((id) => !held.some((row) => row.id === id));
    await stack.allDone(passed);
    const { control } = stack.sandbox();
    const addresses = new Set(kept.map(({ email }) => email));
    const phones = new Set(kept.map(({ phone }) => phone.slice(1)));
    const isOfKept = (to: readonly string[]) =>
      to.some((each) => addresses.has(each) || phones.has(each.replace(/\D/g, '')));
    expect((await control.effects()).filter(({ to }) => isOfKept(to))).toEqual([]);
    expect((await effectsOf(kept[0]!)).counts).toEqual(NOTHING);
    expect(await stack.deliveriesOf(kept[0]!.id)).toEqual([]);
    expect((await floodAlerts()).map(({ state }) => state ?? 'raised')).toEqual([
      'raised',
      'resolved',
    ]);
  },
  LONGEST_MS,
);
