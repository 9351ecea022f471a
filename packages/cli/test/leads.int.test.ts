import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { app as leadStoreApp } from '@leadwire/lead-store/app';
import { publishEvent } from '@leadwire/shared/broker/publish-event';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { createLedger, deliveryOf } from '@leadwire/shared/delivery/ledger';
import { publishNotice } from '@leadwire/shared/delivery/schedule';
import { subjects } from '@leadwire/shared/contract/topology';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { startServiceHere, type ServiceHere } from '@leadwire/testing/service-here';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';
import { runCli } from './run-cli.ts';

const rig = useRig();
let supabase: TestSupabase;
let leadStore: ServiceHere;
let lead: Lead;

beforeAll(async () => {
  supabase = await startSupabase();
  leadStore = await startServiceHere(leadStoreApp, { NATS_URL: rig.broker().url, ...supabase.env });
  await rig.refuseMails();
  lead = someLead({ metadata: { note: 'call me', page: 'a\u001b[2Jb' } });
  await rig.publishLead(lead);
  await rig.emailEnds(lead, 'failed');
  await waitFor(async () => (await show('leads', 'show', lead.leadId)).out.includes('sms sent'), {
    timeoutMs: 60_000,
    what: 'the rows of the lead',
  });
}, 180_000);
afterAll(async () => {
  await leadStore.stop();
  await supabase.close();
});

const show = (...args: string[]) =>
  runCli({ NATS_URL: rig.broker().url, ...supabase.env }, ...args);

describe('leads show', () => {
  test('has everything about the lead on one screen', async () => {
    const { code, out } = await show('leads', 'show', lead.leadId);
    expect(code).toBe(0);
    const { deliveryId: _id, ...entry } = await rig.emailOf(lead);
    expect(out).toContain(`Lead ${lead.leadId}`);
    expect(out).toMatch(/form +proftest_spring_a \(proftest\)/);
    expect(out).toMatch(/received .*LEADS 1$/m);
    expect(out).toMatch(/utm +source=instagram campaign=spring_a/);
    // The ledger, the facts, the calls, the letter, the rows.
    expect(out).toMatch(new RegExp(`email +${entry.template} +failed .*validation_error`));
    expect(out).toMatch(/sms +proftest-result +sent /);
    expect(out).toMatch(/What happened[^]*planned[^]*failed/);
    expect(out).toMatch(/resend\.send +error /);
    expect(out).toMatch(/mobizon\.send +ok /);
    expect(out).toMatch(/Dead letters\n +SEQ[^]*notifier-email/);
    expect(out).toMatch(/landing_leads: email failed, sms sent/);
    expect(out).toMatch(/short_links: \w+ \(0 clicks\)/);
  });

  test('names the Telegram groups that hear of it, and says where a notice is', async () => {
    const bus = rig.bus();
    const groupId = newId();
    const at = new Date().toISOString();
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
    await (await bus.bucket('telegram_groups')).put(groupId, JSON.stringify(group));
    const told = someLead();
    await bus.publish(subjects.leadCreated(told.kind, told.leadId), leadCreated(told));
    const { leadId } = told;
    const delivery = deliveryOf({ leadId, channel: 'telegram' as const, template: groupId });
    await createLedger(bus).plan(delivery, { dueAt: new Date() });
    await publishNotice(bus, '-100123', { ...delivery, lead: told });
    const { out } = await show('leads', 'show', leadId);
    expect(out).toMatch(/telegram +Отдел продаж +planned .*its message is due/);
  });

  test('masks contact data unless it is asked for, and obeys nothing that a form sent', async () => {
    const secrets = [lead.email!, lead.phone!, lead.name, 'Аналитик', 'call me'];
    const { out: masked } = await show('leads', 'show', lead.leadId);
    const { out: whole } = await show('leads', 'show', lead.leadId, '--private');
    for (const secret of secrets) {
      expect(masked).not.toContain(secret);
      expect(whole).toContain(secret);
    }
    expect(masked).toContain('a•••@mail.leadwire-sample.kz');
    expect(whole).not.toContain('\u001b');
  });

  test('takes the beginning of an id, in capitals too, and lists the leads it fits', async () => {
    const short = lead.leadId.slice(0, 23).toUpperCase();
    expect((await show('leads', 'show', short)).out).toContain(`Lead ${lead.leadId}`);
    const other = someLead({
      leadId: `${lead.leadId.slice(0, -1)}${lead.leadId.endsWith('0') ? 1 : 0}`,
    });
    await rig.publishLead(other);
    const { code, err } = await show('leads', 'show', short);
    expect(code).toBe(1);
    expect(err).toContain(lead.leadId);
    expect(err).toContain(other.leadId);
  });

  test('says when the database is not looked at or does not answer', async () => {
    expect((await rig.cli('leads', 'show', lead.leadId)).out).toContain('not looked at');
    const env = { LANDING_SUPABASE_URL: 'http://127.0.0.1:9', NATS_URL: rig.broker().url };
    const { LANDING_SUPABASE_SERVICE_KEY } = supabase.env;
    const away = await runCli(
      { ...env, LANDING_SUPABASE_SERVICE_KEY },
      ...['leads', 'show', lead.leadId],
    );
    expect(away).toMatchObject({ code: 0, out: expect.stringMatching(/not read|not reachable/) });
  });

  test('says that a lead is unknown', async () => {
    const id = newId();
    const { code, err } = await show('leads', 'show', id);
    expect({ code, err }).toEqual({ code: 1, err: `There is no lead ${id}.\n` });
  });
});

describe('leads list and find', () => {
  test('show leads with what became of them, contacts masked, and the person by the last four digits', async () => {
    const listed = await show('leads', 'list', '--state', 'failed');
    expect(listed.out).toMatch(new RegExp(`^${lead.leadId} .* А••• .* failed +sent +- +-$`, 'm'));
    expect(listed.out).toContain('Times are those of Almaty.');
    const found = await show('leads', 'find', lead.phone!.slice(-4), '--json', '--private');
    expect(JSON.parse(found.out)).toMatchObject({
      leads: [{ leadId: lead.leadId, phone: lead.phone, emailStatus: 'failed' }],
      next: null,
    });
    expect((await show('leads', 'find', 'nobody')).out).toBe('No lead fits.\n');
    expect(await rig.cli('leads', 'find', 'Айгерим')).toMatchObject({
      code: 2,
      err: expect.stringContaining('LANDING_SUPABASE_SERVICE_KEY'),
    });
  });

  test('name who has a lead, and since when', async () => {
    const staffId = newId();
    await supabase.landing.sql(
      `insert into staff (id, email, name, role) values ($1, 'aida@leadwire-sample.kz', 'Аида', 'sales')`,
      [staffId],
    );
    const at = '2026-11-29T05:12:00.000Z';
    const data = { leadId: lead.leadId, staffId, at };
    await publishEvent(rig.bus(), 'lead.assigned.v1', data);
    const shown = await waitFor(
      async () => {
        const { out } = await show('leads', 'show', lead.leadId);
        return out.includes('manager') ? out : undefined;
      },
      { timeoutMs: 60_000, what: 'the manager of the lead' },
    );
    expect(shown).toMatch(/manager: Аида, since .*10:12/);
    expect((await show('leads', 'list')).out).toMatch(new RegExp(`^${lead.leadId} .* Аида$`, 'm'));
    const listed = await show('leads', 'list', '--json');
    const { leads } = JSON.parse(listed.out) as { leads: { leadId: string }[] };
    expect(leads.find(({ leadId }) => leadId === lead.leadId)).toMatchObject({ manager: 'Аида' });
  });

  test('lead to one lead: by phone, mail, or short number, with its deal', async () => {
    const at = new Date().toISOString();
    const { leadId } = lead;
    const data = { leadId, outcome: 'synced' as const, at, dealId: 77, stage: 'Новая заявка' };
    const synced = makeEvent('crm.recorded.v1', { source: 'test', subject: leadId, data });
    await rig.bus().publish(subjects.crm('synced', leadId), synced);
    for (const known of [lead.phone!, lead.email!, `#${leadId.slice(-8)}`]) {
      const { out } = await show('leads', 'show', known);
      expect(out).toContain(`Lead ${leadId}`);
      expect(out).toMatch(/Deal in AmoCRM\n.*\n.* synced +77 +Новая заявка/);
    }
    const json = JSON.parse((await show('leads', 'show', leadId, '--json')).out) as object;
    expect(json).toMatchObject({ lead: { leadId }, deal: [{ dealId: 77 }] });
    expect(JSON.stringify(json)).not.toContain(lead.phone);
  });
});

describe('leads retry', () => {
  test('leaves what may have been sent to a person, and sends what failed once', async () => {
    await rig.acceptMails();
    const entry = await rig.emailOf(lead);
    const bucket = await rig.bus().bucket('deliveries');
    const key = [entry.leadId, entry.channel, entry.template].join('.');
    await bucket.put(key, JSON.stringify({ ...entry, state: 'unknown', reason: 'not_found' }));

    const careful = await show('leads', 'retry', lead.leadId, '--yes');
    expect(careful.out).toContain('Nothing to do: email is unknown, sms is sent');
    const sent = await show('leads', 'retry', lead.leadId, '--unknown-too', '--yes', '--json');
    expect(JSON.parse(sent.out)).toMatchObject({ sent: [{ channel: 'email' }] });
    expect(sent.err).toContain('1 message of lead');
    await rig.emailEnds(lead, 'sent');
    const again = await show('leads', 'retry', lead.leadId, '--unknown-too', '--yes');
    expect(again.out).toBe('Nothing to do: email is sent, sms is sent.\n');
    expect(await rig.mailsTo(lead)).toHaveLength(1);
  });
});
