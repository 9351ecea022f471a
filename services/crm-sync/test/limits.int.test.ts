import { describe, expect, test } from 'vitest';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

/** As strict as AmoCRM. */
const rig = useRig({ ratePerSecond: 7 });
const { publishLead, synced, dealsOf } = rig;
const PROBE_MS = 700;
/** At the pace of production. */
const env = { AMOCRM_RATE_PER_SECOND: '6', AMOCRM_BLOCK_PROBE_MS: String(PROBE_MS) };
const startTwo = () => rig.startTwo(env);
const amocrm = () => rig.control().amocrm;
const tooMany = (body: string, type: string) => ({
  provider: 'amocrm',
  count: 1,
  action: { do: 'fixed' as const, status: 429, headers: { 'content-type': type }, body },
});

test('two replicas with much to do never send more than 7 requests in any second', async () => {
  await startTwo();
  const leads = Array.from({ length: 10 }, () => someLead());
  await Promise.all(leads.map(publishLead));
  for (const lead of leads) await synced(lead);

  const requests = await rig.control().requests('amocrm');
  expect(requests.length).toBeGreaterThan(25);
  expect(requests.filter(({ status }) => status === 429)).toEqual([]);
  expect(await rig.busiestSecond()).toBeLessThanOrEqual(7);
});

describe('too many requests (429)', () => {
  test('with a body that says how long: nobody asks before', async () => {
    await rig.control().addFault({
      ...tooMany(
        '{"title":"Too Many Requests","status":429,"retry_after":2}',
        'application/problem+json',
      ),
    });
    await startTwo();
    const lead = someLead();
    await publishLead(lead);

    await synced(lead);
    expect(await dealsOf(lead)).toHaveLength(1);
    const requests = await rig.control().requests('amocrm');
    const refusedAt = requests.find(({ status }) => status === 429)!.at;
    const after = requests.filter(({ at }) => at > refusedAt + 50 && at < refusedAt + 1_950);
    expect(after).toEqual([]);
  });

  test('with a page instead: the lead waits and is a deal, once', async () => {
    await rig.control().addFault(tooMany('<html><h1>429</h1></html>', 'text/html'));
    await startTwo();
    const lead = someLead();
    await publishLead(lead);

    await synced(lead);
    expect(await dealsOf(lead)).toHaveLength(1);
  });
});

test('a block stops both replicas at once, is probed by one of them now and then, and ends by itself', async () => {
  await startTwo();
  const warm = someLead();
  await publishLead(warm);
  await synced(warm);
  await amocrm().block();
  const from = Date.now();
  const leads = Array.from({ length: 3 }, () => someLead());
  await Promise.all(leads.map(publishLead));
  const alert = await waitFor(() =>
    rig.bus().lastUnder('ALERTS', 'alerts.critical.amocrm_stopped'),
  );
  expect(JSON.stringify(alert.event)).toContain('support');
  const refused = async () =>
    (await rig.control().requests('amocrm')).filter(({ status }) => status === 403);
  await waitFor(async () => (await refused()).length >= 3, { timeoutMs: 60_000 });

  // The first ones were on their way already; after that one probe at a time.
  const probes = (Date.now() - from) / PROBE_MS;
  expect((await refused()).length).toBeLessThanOrEqual(4 + probes);
  await amocrm().unblock();
  for (const lead of leads) await synced(lead);
  for (const lead of leads) expect(await dealsOf(lead)).toHaveLength(1);
});

// The last one here: the minute stays with the broker.
test('too many requests (429) for a minute: nobody asks meanwhile, and a service that is told to stop stops in order', async () => {
  const crm = await rig.startCrmProcess(env);
  const from = crm.logs.length;
  await rig.control().addFault({
    ...tooMany('{"title":"Too Many Requests","status":429,"retry_after":60}', 'application/json'),
  });
  const leads = Array.from({ length: 3 }, () => someLead());
  await Promise.all(leads.map(publishLead));
  const refusals = () =>
    crm.logs.slice(from).filter(({ msg }) => String(msg).includes('wants a pause'));
  await waitFor(() => refusals().length > 0);

  expect(await crm.stop()).toBe(0);
  const requests = await rig.control().requests('amocrm');
  const refusedAt = requests.findLast(({ status }) => status === 429)!.at;
  expect(requests.filter(({ at }) => at > refusedAt + 1_000)).toEqual([]);
}, 60_000);
