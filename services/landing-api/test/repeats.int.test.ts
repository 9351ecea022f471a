/** The same submission again, while the broker that would know it is away. */
import { afterEach, describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { createStage, drained, idOf, lose, statuses } from './outage-stage.ts';
import { form, storedLeads } from './start-api.ts';

const PROFTEST = '/api/landing/proftest';

const stage = createStage();
const { startBroker, startFolder, start, startThenLose } = stage;
afterEach(() => stage.close());

describe('a key while the broker is away', () => {
  const headers = () => ({ 'idempotency-key': newId() });

  test('is known from the journal and, later, from the broker', async () => {
    const { broker, api } = await startThenLose();
    const key = headers();
    const first = await api.post(PROFTEST, form('kept'), key);
    const again = await Promise.all([1, 2, 3].map(() => api.post(PROFTEST, form('kept'), key)));
    const other = await api.post(PROFTEST, form('kept', { name: 'Данияр' }), key);
    expect([first.status, ...statuses(again), other.status]).toEqual([201, 200, 200, 200, 201]);
    expect(idOf(other)).not.toBe(idOf(first));
    expect(new Set([first, ...again].map(idOf)).size).toBe(1);
    await broker.start();
    await drained(api);
    const later = await api.post(PROFTEST, form('kept'), key);
    const laterOther = await api.post(PROFTEST, form('kept', { name: 'Данияр' }), key);
    expect([later.status, laterOther.status]).toEqual([200, 200]);
    expect(await storedLeads(api.bus)).toEqual([idOf(first), idOf(other)]);
    expect(idOf(laterOther)).toBe(idOf(other));
    expect((await api.lead(idOf(other))).contactIssues).toEqual(['key_conflict']);
  });

  test('that the broker has is remembered by who took it', async () => {
    const broker = await startBroker();
    const api = await start(broker);
    const key = headers();
    const first = await api.post(PROFTEST, form('known'), key);
    await lose(broker, api);
    const again = await api.post(PROFTEST, form('known'), key);
    const other = await api.post(PROFTEST, form('known', { name: 'Данияр' }), key);
    expect([again.status, idOf(again), other.status]).toEqual([200, idOf(first), 201]);
    expect(api.journal.waiting().map(({ leadId }) => leadId)).toEqual([idOf(other)]);
  });

  test('that another replica used is compared when the broker is back', async () => {
    const broker = await startBroker();
    const [same, other] = [headers(), headers()];
    const theirs = await start(broker);
    const first = await theirs.post(PROFTEST, form('same'), same);
    const kept = await theirs.post(PROFTEST, form('first'), other);
    const folder = await startFolder();
    const api = await start(broker, { folder });
    await lose(broker, api);
    const again = await api.post(PROFTEST, form('same'), same);
    const loser = await api.post(PROFTEST, form('second'), other);
    expect(statuses([again, loser])).toEqual([201, 201]);
    expect([idOf(again), idOf(loser)]).toEqual([idOf(first), idOf(kept)]);

    await broker.start();
    await drained(api);
    const [, , ownLead] = await storedLeads(api.bus);
    expect(await storedLeads(api.bus)).toEqual([idOf(first), idOf(kept), ownLead]);
    expect(await api.lead(idOf(kept))).toMatchObject({ email: 'aigerim.first@mail.kz' });
    expect(await api.lead(ownLead)).toMatchObject({
      email: 'aigerim.second@mail.kz',
      contactIssues: ['key_conflict'],
    });
    expect(await folder.files('refused')).toEqual([]);
  });
});

describe('a double click without a key', () => {
  test('while the broker is away is one lead, also for another replica after the drain', async () => {
    const { broker, api } = await startThenLose();
    const clicks = await Promise.all([1, 2].map(() => api.post(PROFTEST, form('double'))));
    clicks.push(await api.post(PROFTEST, form('double')));
    expect(statuses(clicks).sort()).toEqual([200, 200, 201]);
    expect(new Set(clicks.map(idOf)).size).toBe(1);
    await broker.start();
    await drained(api);
    const other = await start(broker);
    expect(await other.post(PROFTEST, form('double'))).toMatchObject({
      status: 200,
      body: { leadId: idOf(clicks[0]!) },
    });
    expect(await storedLeads(api.bus)).toEqual([idOf(clicks[0]!)]);
  });

  test('with the broker’s end in between is one lead', async () => {
    const broker = await startBroker();
    const api = await start(broker);
    const first = await api.post(PROFTEST, form('between'));
    await lose(broker, api);
    const second = await api.post(PROFTEST, form('between'));
    expect([second.status, idOf(second)]).toEqual([200, idOf(first)]);
    expect(api.journal.depth()).toBe(0);
  });

  test('with a restart of the service in between is one lead', async () => {
    const broker = await startBroker();
    await broker.kill();
    const folder = await startFolder();
    const first = await start(broker, { folder, away: true });
    const taken = await first.post(PROFTEST, form('restart'));
    await first.stop();
    const second = await start(broker, { folder, away: true });
    const again = await second.post(PROFTEST, form('restart'));
    expect([again.status, idOf(again)]).toEqual([200, idOf(taken)]);
  });
});
