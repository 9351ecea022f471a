/** Facebook's lead forms against a played Graph API: hook, fetch, test leads, errors, and the poll for what was lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { eventSchemas, type Lead } from '@leadwire/shared/contract/events';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';
import { startApi, type TestApi } from './start-api.ts';

let broker: TestBroker;
let sandbox: Sandbox;
let api: TestApi;

beforeAll(async () => {
  [broker, sandbox] = await Promise.all([startNats(), startSandbox()]);
  api = await startApi(broker, {
    env: {
      FACEBOOK_APP_SECRET: 'facebook-sandbox-app-secret',
      FACEBOOK_VERIFY_TOKEN: 'facebook-sandbox-verify-token',
      FACEBOOK_PAGE_TOKEN: 'facebook-sandbox-page-token',
      FACEBOOK_BASE_URL: sandbox.facebookUrl,
      FACEBOOK_POLL_MS: '200',
    },
  });
  await settings({ webhookUrl: `${api.url}/api/webhooks/facebook` });
});
afterAll(async () => {
  await api.stop();
  await Promise.all([sandbox.close(), broker.close()]);
});

async function control(method: string, path: string, body?: object) {
  const response = await fetch(`${sandbox.url}/__sim/facebook${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body ?? {}),
  });
  return (await response.json()) as { id: string; status: number; isEchoed: boolean };
}
const settings = (patch: object) => control('PATCH', '/settings', patch);
const fillIn = (phone: string, more: object = {}) =>
  control('POST', '/leads', { fields: { full_name: 'Айсулу', phone_number: phone }, ...more });

async function leadsWith(phone: string): Promise<Lead[]> {
  const found: Lead[] = [];
  for await (const { json } of readStream(api.bus, 'LEADS', { subject: 'leads.created.*.*' })) {
    const lead = eventSchemas['lead.created.v1'].parse(json).data;
    if (lead.phone === phone) found.push(lead);
  }
  return found;
}
const arrives = (phone: string) =>
  waitFor(async () => ((await leadsWith(phone)).length > 0 ? leadsWith(phone) : undefined));

describe('Facebook', () => {
  test('has its hook’s address verified by our word, and by no other', async () => {
    expect(await control('POST', '/verify')).toEqual({ status: 200, isEchoed: true });
    await settings({ verifyToken: 'another-word' });
    expect(await control('POST', '/verify')).toEqual({ status: 403, isEchoed: false });
  });

  test('tells of a lead: it is fetched, and is one however often it is told or polled', async () => {
    await settings({ trouble: { duplicates: 3 } });
    await fillIn('+77000000141');
    expect(await arrives('+77000000141')).toMatchObject([
      {
        kind: 'request',
        source: 'form_facebook',
        name: 'Айсулу',
        utm: { source: 'facebook', medium: 'lead_ads', campaign: 'spring', content: 'Видео 1' },
        attribution: { ad: { ad_id: '800000000000001' } },
      },
    ]);
    // A later lead that only the poll finds: by then the first one has been polled, too.
    await fillIn('+77000000142', { tell: false });
    expect(await arrives('+77000000142')).toHaveLength(1);
    expect(await leadsWith('+77000000141')).toHaveLength(1);
  });

  test('is not believed without its signature', async () => {
    await settings({ trouble: { signature: 'wrong' } });
    await settings({ pageToken: 'facebook-sandbox-page-token' });
    const response = await fetch(`${api.url}/api/webhooks/facebook`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': 'sha256=00' },
      body: '{"entry":[]}',
    });
    expect(response.status).toBe(401);
  });

  test('makes a test lead, which is none of ours', async () => {
    await settings({ trouble: {} });
    const before = await api.countLeads();
    await fetch(`${sandbox.facebookUrl}/v23.0/700000000000001/test_leads`, {
      method: 'POST',
      headers: { authorization: 'Bearer facebook-sandbox-page-token' },
    });
    await fillIn('+77000000143');
    await arrives('+77000000143');
    expect(await api.countLeads()).toBe(before + 1);
  });

  test('refuses the token: people are told, and the lead comes once it is mended', async () => {
    await settings({ pageToken: null });
    await fillIn('+77000000144');
    const alert = await waitFor(() =>
      api.bus.lastUnder('ALERTS', 'alerts.critical.facebook_refused'),
    );
    expect(eventSchemas['alert.raised.v1'].parse(alert.event).data.message).toContain(
      'FACEBOOK_PAGE_TOKEN',
    );
    await settings({ pageToken: 'facebook-sandbox-page-token' });
    expect(await arrives('+77000000144')).toHaveLength(1);
    await waitFor(async () => {
      const last = await api.bus.lastUnder('ALERTS', 'alerts.critical.facebook_refused');
      return JSON.stringify(last?.event).includes('resolved');
    });
  });

  test('sends a lead without contacts: it is kept', async () => {
    await control('POST', '/leads', { fields: { full_name: 'Айсулу' } });
    const kept = await waitFor(() => api.bus.lastUnder('INTAKE', 'intake.rejected.>'));
    expect(eventSchemas['intake.rejected.v1'].parse(kept.event).data).toMatchObject({
      dialect: 'facebook',
      reason: 'no_contacts',
      fields: ['full_name'],
    });
  });
});
