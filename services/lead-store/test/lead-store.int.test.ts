import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { makeEvent, type Lead, type Outcome } from '@leadwire/shared/contract/events';
import { derivedId, newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { keepServices } from '@leadwire/testing/kept-services';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { freePort, startNats } from '@leadwire/testing/nats';
import { nodeOptions } from '@leadwire/testing/preload';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { startTcpProxy } from '@leadwire/testing/tcp-proxy';
import { waitFor } from '@leadwire/testing/wait-for';
import { app } from '../src/app.ts';

let broker: TestBroker;
let supabase: TestSupabase;
let bus: Bus;

beforeAll(async () => {
  [broker, supabase] = await Promise.all([startNats(), startSupabase()]);
  bus = await openTestBus(broker, 'test');
});

afterAll(async () => {
  await bus.drain();
  await Promise.all([broker.close(), supabase.close()]);
});

afterEach(() => services.stop());

const services = keepServices();
const ownEnv = () => ({ NATS_URL: broker.url, ...supabase.env });
const startLeadStore = (env = {}) => services.startHere(app, { ...ownEnv(), ...env });
/** One that can be killed; what it had taken comes back soon. */
const startLeadStoreProcess = () =>
  services.start('services/lead-store/src/main.ts', {
    ...ownEnv(),
    NODE_OPTIONS: nodeOptions(['impatient.ts']),
  });

const publishLead = (lead: Lead) =>
  bus.publish(subjects.leadCreated(lead.kind, lead.leadId), leadCreated(lead));

async function tell(lead: Lead, channel: 'email' | 'sms', outcome: Partial<Outcome>) {
  const template = 'proftest-result';
  const deliveryId = derivedId('delivery', lead.leadId, channel, template);
  const data = {
    deliveryId,
    leadId: lead.leadId,
    channel,
    template,
    outcome: 'sent' as const,
    at: new Date().toISOString(),
    ...outcome,
  };
  const event = makeEvent('delivery.recorded.v1', { source: 'test', subject: lead.leadId, data });
  await bus.publish(subjects.delivery(channel, data.outcome, deliveryId), event);
}

type Row = Record<string, unknown>;

function rowsOf(project: 'landing' | 'tripwire', query: string, id: string): Promise<Row[]> {
  return supabase[project].sql(query, [id]);
}
const leadRow = async ({ leadId }: Lead) =>
  (await rowsOf('landing', 'select * from landing_leads where id = $1', leadId))[0];

describe('a lead', () => {
  test('becomes one row with its attribution, however often it is delivered', async () => {
    await startLeadStore();
    const agreed = { consentAt: '2026-11-20T10:00:00.000Z', consentText: 'Согласен на обработку' };
    const lead = someLead({ metadata: { page: 'spring' }, ...agreed });
    await publishLead(lead);
    await publishLead(lead);

    const row = await waitFor(async () => {
      const found = await leadRow(lead);
      return found?.['consent_at'] ? found : undefined;
    });
    expect(JSON.parse(JSON.stringify(row))).toMatchObject({
      consent_at: expect.stringMatching(/^2026-11-20[T ]10:00:00/) as string,
      consent_text: agreed.consentText,
      name: lead.name,
      email: lead.email,
      phone: lead.phone,
      source: 'proftest_spring_a',
      utm_source: 'instagram',
      metadata: { page: 'spring' },
    });
    const tracked = await waitFor(
      async () =>
        (
          await rowsOf('tripwire', 'select * from lead_tracking where lead_id = $1', lead.leadId)
        )[0],
    );
    expect(tracked).toMatchObject({ utm_campaign: 'spring_a' });
  });

  test('that a bot left is kept apart, and the second project never hears of it', async () => {
    await startLeadStore();
    const bot = someLead();
    const event = makeEvent('lead.quarantined.v1', {
      source: 'test',
      subject: bot.leadId,
      data: bot,
    });
    await bus.publish(subjects.leadQuarantined(bot.kind, bot.leadId), event);
    const person = someLead();
    await publishLead(person);

    expect(await waitFor(() => leadRow(bot))).toMatchObject({ quarantined: true });
    await waitFor(async () => {
      const query = 'select * from lead_tracking where lead_id = $1';
      return (await rowsOf('tripwire', query, person.leadId)).length === 1;
    });
    const query = 'select * from lead_tracking where lead_id = $1';
    expect(await rowsOf('tripwire', query, bot.leadId)).toEqual([]);
  });

  test('that is let out is as good as any other, whichever fact comes last', async () => {
    await startLeadStore();
    const quarantined = (data: Lead) =>
      makeEvent('lead.quarantined.v1', { source: 'test', subject: data.leadId, data });
    const held = someLead({ quarantine: 'flood' });
    const { leadId, kind } = held;
    await bus.publish(subjects.leadQuarantined(kind, leadId), quarantined(held));
    const kept = await waitFor(async () => {
      const row = await leadRow(held);
      return row?.['quarantine'] === 'flood' ? row : undefined;
    });
    expect(kept).toMatchObject({ quarantined: true, quarantine_released_at: null });
    const event = makeEvent('lead.released.v1', { source: 'test', subject: leadId, data: held });
    await bus.publish(subjects.leadReleased(kind, leadId), event);
    const again = subjects.redrive('lead-store-leads', '1', subjects.leadQuarantined(kind, leadId));
    await bus.publish(again, quarantined(held), { msgId: newId() });
    const released = await waitFor(async () => {
      const row = await leadRow(held);
      return row?.['quarantine_released_at'] === null ? undefined : row;
    });
    expect(released).toMatchObject({ quarantined: false, quarantine: 'flood' });
    const query = 'select quarantined from unified_lead_tracking where lead_id = $1';
    expect(await rowsOf('landing', query, leadId)).toEqual([{ quarantined: false }]);
    await waitFor(async () => {
      const tracked = 'select * from lead_tracking where lead_id = $1';
      return (await rowsOf('tripwire', tracked, leadId)).length === 1;
    });
  });
});

test('posts that made no lead go after the time that their stream keeps them', async () => {
  const insert = `insert into intake_rejects (id, form, reason, body, received_at) values
    ($1, 'spring', 'no_contacts', '', now() - interval '31 days'), ($2, 'spring', 'no_contacts', '', now())`;
  const [old, young] = [newId(), newId()];
  await supabase.landing.sql(insert, [old, young]);
  await startLeadStore();
  const left = async () =>
    (await supabase.landing.sql('select id from intake_rejects')).map(({ id }) => id);
  await waitFor(async () => !(await left()).includes(old), { what: 'the old post to be gone' });
  expect(await left()).toEqual([young]);
});

describe('outcomes', () => {
  test('show in the lead, whichever comes first, and only move forward', async () => {
    await startLeadStore();
    const lead = someLead();
    await tell(lead, 'email', { outcome: 'sent', providerId: 'mail-1' });
    await tell(lead, 'sms', { outcome: 'skipped', reason: 'phone_invalid' });
    await publishLead(lead);
    await tell(lead, 'email', { outcome: 'planned', at: new Date(0).toISOString() });

    const row = await waitFor(async () => {
      const found = await leadRow(lead);
      return found?.['sms_status'] === 'skipped' && found['email_sent'] ? found : undefined;
    });
    expect(row).toMatchObject({
      email_status: 'sent',
      sms_sent: false,
      sms_error: 'phone_invalid',
    });
    const query = 'select * from scheduled_notifications where lead_id = $1 order by channel';
    const [email] = await waitFor(async () => {
      const rows = await rowsOf('landing', query, lead.leadId);
      return rows[0]?.['planned_at'] ? rows : undefined;
    });
    expect(email).toMatchObject({ status: 'sent', provider_id: 'mail-1' });
    const tracking = 'select * from lead_tracking where lead_id = $1';
    await waitFor(async () => {
      const [found] = await rowsOf('tripwire', tracking, lead.leadId);
      return found?.['email_status'] === 'sent' && found['sms_status'] === 'skipped';
    });
  });

  test('of a provider call become one line of integration_logs', async () => {
    await startLeadStore();
    const leadId = newId();
    const data = {
      service: 'notifier',
      action: 'resend.send',
      status: 'error' as const,
      leadId,
      error: 'Resend: 500',
      durationMs: 12,
      at: new Date().toISOString(),
    };
    const event = makeEvent('provider.called.v1', { source: 'notifier', subject: leadId, data });
    await bus.publish(subjects.call('notifier', 'error'), event);
    await bus.publish(subjects.call('notifier', 'error'), event);
    await waitFor(async () => {
      const manager = await bus.manager();
      const { num_pending, num_ack_pending } = await manager.consumers.info(
        'CALLS',
        'lead-store-calls',
      );
      return num_pending === 0 && num_ack_pending === 0;
    });

    const query = 'select * from integration_logs where lead_id = $1';
    expect(await rowsOf('landing', query, leadId)).toMatchObject([
      { service: 'notifier', action: 'resend.send', status: 'error', error: 'Resend: 500' },
    ]);
  });
});

test('what became of a lead’s deal shows in its row', async () => {
  await startLeadStore();
  const lead = someLead();
  const data = {
    leadId: lead.leadId,
    outcome: 'synced' as const,
    at: new Date().toISOString(),
    dealId: 4711,
    contactId: 815,
    stageId: 20,
    stage: 'Оплата Kaspi',
  };
  const event = makeEvent('crm.recorded.v1', { source: 'test', subject: lead.leadId, data });
  await bus.publish(subjects.crm('synced', lead.leadId), event);
  await publishLead(lead);

  const row = await waitFor(async () => {
    const found = await leadRow(lead);
    return found?.['amocrm_synced'] ? found : undefined;
  });
  expect(row).toMatchObject({
    amocrm_deal_id: 4711,
    amocrm_contact_id: 815,
    amocrm_stage: 'Оплата Kaspi',
    amocrm_error: null,
  });
});

describe('when things break', () => {
  test('500 leads that came while the database was away are all written when it is back', async () => {
    const port = await freePort();
    const leadStore = await startLeadStore({ LANDING_SUPABASE_URL: `http://127.0.0.1:${port}` });
    const leads = Array.from({ length: 500 }, () => someLead());
    await Promise.all(leads.map(publishLead));
    await waitFor(() => leadStore.logs.some(({ msg }) => msg?.includes('no answer')));
    const landing = new URL(supabase.env.LANDING_SUPABASE_URL);
    const proxy = await startTcpProxy(Number(landing.port), port);

    const ids = JSON.stringify(leads.map(({ leadId }) => leadId));
    const query =
      'select id from landing_leads where id in (select (jsonb_array_elements_text($1::jsonb))::uuid)';
    await waitFor(async () => (await rowsOf('landing', query, ids)).length === 500, {
      timeoutMs: 20_000,
    });
    await proxy.close();
    expect(await bus.lastUnder('DEAD_LETTERS', 'dead.>')).toBeUndefined();
  });

  test('a killed lead-store leaves nothing out', async () => {
    const leads = Array.from({ length: 300 }, () => someLead());
    const first = await startLeadStoreProcess();
    const publishing = Promise.all(leads.map(publishLead));
    await waitFor(() => leadRow(leads[0]!));
    await first.kill();
    await publishing;
    await Promise.all([startLeadStoreProcess(), startLeadStoreProcess()]);

    const ids = JSON.stringify(leads.map(({ leadId }) => leadId));
    const query =
      'select id from landing_leads where id in (select (jsonb_array_elements_text($1::jsonb))::uuid)';
    await waitFor(async () => (await rowsOf('landing', query, ids)).length === 300, {
      timeoutMs: 45_000,
      what: 'all rows',
    });
    expect(await rowsOf('landing', query, ids)).toHaveLength(300);
  }, 60_000);
});
