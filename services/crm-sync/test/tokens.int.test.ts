import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { someLead } from '@leadwire/testing/lead';
import { startLanding, type TestLanding } from '@leadwire/testing/supabase';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();
const { publishLead, synced } = rig;
const amocrm = () => rig.control().amocrm;

let supabase: TestLanding;
beforeAll(async () => {
  supabase = await startLanding();
}, 180_000);
afterAll(() => supabase.close());
beforeEach(async () => {
  // They remember their token.
  await rig.stopServices();
  await supabase.landing.sql('delete from integration_tokens');
});

const CONNECTED = `
  insert into integration_tokens (service, access_token, refresh_token, expires_at, version)
  values ('amocrm', $1, $2, $3, 1)`;

async function connect(expiresAt: Date): Promise<void> {
  const pair = await amocrm().issueTokens();
  const row = [pair.access_token, pair.refresh_token, expiresAt.toISOString()];
  await supabase.landing.sql(CONNECTED, row);
}

async function oauthEnv(): Promise<Record<string, string>> {
  const { clientId, clientSecret, redirectUri } = await amocrm().settings();
  return {
    ...supabase.env,
    AMOCRM_RECONNECT_PROBE_MS: '1000',
    AMOCRM_LONG_LIVED_TOKEN: '',
    AMOCRM_CLIENT_ID: clientId,
    AMOCRM_CLIENT_SECRET: clientSecret,
    AMOCRM_REDIRECT_URI: redirectUri,
  };
}
const startCrm = async () => rig.startCrm(await oauthEnv());
const startTwo = async () =>
  Promise.all([startCrm(), oauthEnv().then((env) => rig.startCrmProcess(env))]);

const refreshes = async () =>
  (await rig.control().requests('amocrm')).filter(({ path }) => path.startsWith('/oauth2'));
const versions = () => supabase.landing.sql('select version from integration_tokens');
/** How often the stop was told, and how often its end. */
const alerts = async () => {
  const subject = 'alerts.critical.amocrm_stopped';
  const told: unknown[] = [];
  for await (const { json } of readStream(rig.bus(), 'ALERTS', { subject })) {
    told.push((json as { data: { state?: string } }).data.state ?? 'raised');
  }
  return told;
};

describe('a token that has expired', () => {
  test('while both replicas are busy is refreshed once, and no lead is lost', async () => {
    // The database thinks it good; AmoCRM does not take it any more.
    await connect(new Date(Date.now() + 86_400_000));
    await startTwo();
    const warm = someLead();
    await publishLead(warm);
    await synced(warm);
    await rig.control().advance(25 * 3_600_000);
    const leads = Array.from({ length: 6 }, () => someLead());
    await Promise.all(leads.map(publishLead));

    for (const lead of leads) await synced(lead);
    expect(await refreshes()).toHaveLength(1);
    expect(await versions()).toMatchObject([{ version: 2 }]);
    expect(await alerts()).toEqual([]);

    // What lies in the database lets nobody in, and is read by the next process all the same.
    const [row] = await supabase.landing.sql(
      'select access_token, refresh_token from integration_tokens',
    );
    expect(row).toEqual({
      access_token: expect.stringMatching(/^sealed:[\w-]{40,}$/),
      refresh_token: expect.stringMatching(/^sealed:[\w-]{40,}$/),
    });
    await rig.stopServices();
    await startCrm();
    const later = someLead();
    await publishLead(later);
    await synced(later);
    expect(await refreshes()).toHaveLength(1);
  });

  test('that the database knows of is refreshed before any request, by one of two replicas', async () => {
    const before = (await refreshes()).length;
    await connect(new Date(Date.now() - 1_000));
    await startTwo();
    const leads = Array.from({ length: 4 }, () => someLead());
    await Promise.all(leads.map(publishLead));

    for (const lead of leads) await synced(lead);
    expect(await refreshes()).toHaveLength(before + 1);
  });
});

test('a refresh that AmoCRM refuses stops everything with one alert, until somebody connects again', async () => {
  await connect(new Date(Date.now() - 1_000));
  await amocrm().revokeTokens();
  const services = await startTwo();
  const leads = Array.from({ length: 4 }, () => someLead());
  await Promise.all(leads.map(publishLead));

  const found = await waitFor(() =>
    rig.bus().lastUnder('ALERTS', 'alerts.critical.amocrm_stopped'),
  );
  expect(JSON.stringify(found.event)).toContain('leadwire -- amocrm connect');
  await waitFor(async () => (await fetch(`${services[0].url}/readyz`)).status === 503);
  expect(await alerts()).toEqual(['raised']);

  await supabase.landing.sql('delete from integration_tokens');
  await connect(new Date(Date.now() + 86_400_000));
  for (const lead of leads) await synced(lead);
  await waitFor(async () => (await fetch(`${services[0].url}/readyz`)).ok);
  await waitFor(async () => (await alerts()).length === 2);
  expect(await alerts()).toEqual(['raised', 'resolved']);
});
