import { describe, expect, test } from 'vitest';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { ID_FIELD, IMPATIENT, PIPELINE, STAGES, TOKEN, useRig } from './rig.ts';

const rig = useRig();
const { startCrm, publishLead, synced, dealsOf, contactsOf } = rig;
const amocrm = () => rig.control().amocrm;
const CREATE = { provider: 'amocrm', method: 'POST', path: '/api/v4/leads*' };

describe('a create of which nobody knows the end', () => {
  test.each([
    ['a 504', { do: 'effect-then-5xx' as const, status: 504 }],
    ['a cut connection', { do: 'effect-then-drop' as const }],
    ['an answer that is none', { do: 'effect-then-garbage' as const }],
  ])('after %s is one deal and one contact', async (_what, action) => {
    await startCrm();
    await rig.control().addFault({ ...CREATE, nth: 1, action });
    const lead = someLead();
    await publishLead(lead);

    const { dealId } = await synced(lead);
    expect(await dealsOf(lead)).toMatchObject([{ id: dealId }]);
    expect(await contactsOf(lead)).toHaveLength(1);
    expect(await amocrm().notes(dealId)).toHaveLength(1);
  });

  test('is found by the whole id where a field for it is configured, and after the search’s delay', async () => {
    await startCrm({ AMOCRM_LEAD_ID_FIELD: String(ID_FIELD), AMOCRM_SEARCH_LAG_MS: '4000' });
    await amocrm().set({ indexLagMs: 1_500 });
    await rig
      .control()
      .addFault({ ...CREATE, nth: 1, action: { do: 'effect-then-5xx', status: 504 } });
    const lead = someLead();
    await publishLead(lead);

    await synced(lead);
    expect(await dealsOf(lead)).toHaveLength(1);
    await amocrm().set({ indexLagMs: 0 });
  });

  test('that did not happen is made once the search must have shown it', async () => {
    await startCrm();
    await rig.control().addFault({ ...CREATE, nth: 1, action: { do: 'refuse', status: 504 } });
    const lead = someLead();
    await publishLead(lead);

    await synced(lead);
    expect(await dealsOf(lead)).toHaveLength(1);
  });

  test('keeps other leads of the person waiting until it is settled', async () => {
    // The next test kills this process.
    await Promise.all([startCrm(), rig.startCrmProcess(IMPATIENT)]);
    await amocrm().set({ indexLagMs: 300 });
    await rig
      .control()
      .addFault({ ...CREATE, nth: 1, action: { do: 'effect-then-5xx', status: 504 } });
    const lead = someLead();
    const other = someLead({ phone: lead.phone });
    await Promise.all([publishLead(lead), publishLead(other)]);

    expect((await synced(lead)).dealId).toBe((await synced(other)).dealId);
    expect(await dealsOf(lead)).toHaveLength(1);
    await amocrm().set({ indexLagMs: 0 });
  });

  test('by a replica that was killed in the middle is settled by the other one', async () => {
    const victim = await rig.startCrmProcess(IMPATIENT);
    await rig
      .control()
      .addFault({ ...CREATE, nth: 1, action: { do: 'effect-then-late', delayMs: 60_000 } });
    const lead = someLead();
    await publishLead(lead);
    await waitFor(async () => (await dealsOf(lead)).length === 1);
    await victim.kill();
    await rig.startCrmProcess(IMPATIENT);

    await synced(lead);
    expect(await dealsOf(lead)).toHaveLength(1);
    expect(await contactsOf(lead)).toHaveLength(1);
  });
});

describe('a note of which nobody knows the end', () => {
  test('is written once', async () => {
    await startCrm();
    await rig.control().addFault({
      provider: 'amocrm',
      method: 'POST',
      path: '/api/v4/leads/*/notes',
      nth: 1,
      action: { do: 'effect-then-5xx', status: 504 },
    });
    const lead = someLead();
    await publishLead(lead);

    const { dealId } = await synced(lead);
    expect(await amocrm().notes(dealId)).toHaveLength(1);
  });
});

describe('what somebody deleted in AmoCRM', () => {
  test('a field: the deal is made without it, the row and an alert name it', async () => {
    await startCrm();
    await amocrm().deleteField('leads', 'UTM_SOURCE');
    const lead = someLead();
    await publishLead(lead);

    const fact = await synced(lead);
    expect(fact.error).toContain('field UTM_SOURCE');
    expect(JSON.stringify(await rig.deal(fact.dealId))).toContain('spring_a');
    const alert = await waitFor(() =>
      rig.bus().lastUnder('ALERTS', 'alerts.warning.amocrm_mapping'),
    );
    expect(JSON.stringify(alert.event)).toContain('UTM_SOURCE');

    // A deal that carries nothing of the kind says nothing; once the field is back, the next one ends it.
    const plain = someLead({ utm: {} });
    await publishLead(plain);
    await synced(plain);
    const state = async () => {
      const last = await rig.bus().lastUnder('ALERTS', 'alerts.warning.amocrm_mapping');
      return (last?.event as { data: { state?: string } } | undefined)?.data.state;
    };
    expect(await state()).not.toBe('resolved');
    await rig.stopServices();
    const added = await fetch(`${rig.sandboxUrl()}/api/v4/leads/custom_fields`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify([{ name: 'utm_source', code: 'UTM_SOURCE', type: 'tracking_data' }]),
    });
    expect(added.status).toBe(200);
    await startCrm();
    const next = someLead();
    await publishLead(next);
    await synced(next);
    await waitFor(async () => (await state()) === 'resolved', { what: 'the alert to be over' });
  });

  test('a stage: the deal is made on the first one, the row and an alert name it', async () => {
    await startCrm();
    await amocrm().deleteStatus(PIPELINE, STAGES.robokassa);
    const lead = someLead({ kind: 'purchase', paymentMethod: 'robokassa' });
    await publishLead(lead);

    const fact = await synced(lead);
    expect(fact).toMatchObject({ stageId: STAGES.first });
    expect(fact.error).toContain(`status_id ${STAGES.robokassa}`);
    await waitFor(async () => {
      const alert = await rig.bus().lastUnder('ALERTS', 'alerts.warning.amocrm_mapping');
      return JSON.stringify(alert?.event).includes(String(STAGES.robokassa));
    });
  });
});
