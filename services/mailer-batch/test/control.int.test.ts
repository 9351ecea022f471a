import { describe, expect, test } from 'vitest';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { waitFor } from '@leadwire/testing/wait-for';
import { people, useRig } from './rig.ts';

const rig = useRig({ hasMailer: true });

const batch = { provider: 'resend', path: '/emails/batch' };

/** Quiet hours around this moment, or twelve hours away from it, in UTC. */
function hoursAround(shiftHours: number): string {
  const at = (hours: number) =>
    new Date(Date.now() + hours * 3_600_000).toISOString().slice(11, 16);
  return `${at(shiftHours - 1)}-${at(shiftHours + 1)}`;
}

describe('a start', () => {
  test('needs the exact number of people, and is possible once', async () => {
    const id = await rig.draft(people(3), { scheduledFor: '2100-01-01T00:00:00Z' });
    expect(await rig.start(id, 4)).toEqual({ kind: 'count_differs', audience: 3 });
    expect(await rig.start(id, 3)).toEqual({ kind: 'scheduled', audience: 3 });
    expect(await rig.start(id, 3)).toEqual({ kind: 'not_draft', status: 'scheduled' });
    expect(await rig.start(newId(), 3).catch(() => 'missing')).toBe('missing');
  }, 30_000);

  test('of a list that is not complete is refused', async () => {
    const id = await rig.draft([]);
    const part = {
      people: [{ row: 1, contact: 'a@b.kz', name: null, variables: {} }],
      leftOut: [],
    };
    const upload = newId();
    await rig.store().setAudience(id, part, { upload, first: true, last: false });
    expect(await rig.start(id, 1)).toEqual({ kind: 'no_audience' });
    const other = { upload: newId(), first: false, last: true };
    expect(await rig.store().setAudience(id, part, other)).toEqual({ kind: 'superseded' });
  }, 30_000);

  test('two at one moment are one', async () => {
    const id = await rig.draft(people(3, 20), { scheduledFor: '2100-01-01T00:00:00Z' });
    const kinds = (await Promise.all([rig.start(id, 3), rig.start(id, 3)])).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['not_draft', 'scheduled']);
  }, 30_000);

  test('of a draft whose text or list was changed since it was read is refused', async () => {
    const id = await rig.draft(people(3, 25), { scheduledFor: '2100-01-01T00:00:00Z' });
    const start = { expected: 3, frozen: {}, batchSize: 100 };
    const read = (await rig.store().get(id))!;
    await rig.store().patch(id, { variables: { reason: 'снег' } });
    expect(await rig.store().start(read, start)).toEqual({ kind: 'changed' });
    const readAgain = (await rig.store().get(id))!;
    const list = people(3, 28).map(({ contact }, index) => ({
      row: index + 1,
      contact,
      name: null,
      variables: {},
    }));
    const whole = { upload: newId(), first: true, last: true };
    await rig.store().setAudience(id, { people: list, leftOut: [] }, whole);
    expect(await rig.store().start(readAgain, start)).toEqual({ kind: 'changed' });
    expect(await rig.campaign(id)).toMatchObject({ status: 'draft' });
    expect(await rig.start(id, 3)).toEqual({ kind: 'scheduled', audience: 3 });
  }, 30_000);

  test('comes by itself at the time it is scheduled for', async () => {
    const scheduledFor = new Date(Date.now() + 3_000).toISOString();
    const id = await rig.launch(people(2, 30), { scheduledFor });
    expect((await rig.campaign(id)).status).toBe('scheduled');
    const { startedAt, counts } = await rig.until(id, 'finished');
    expect(counts.sent).toBe(2);
    expect(Date.parse(startedAt!)).toBeGreaterThanOrEqual(Date.parse(scheduledFor));
  }, 60_000);
});

describe('quiet hours', () => {
  test('hold a running campaign until they are over', async () => {
    const quiet = await rig.launch(people(2, 40), { timeZone: 'UTC', quietHours: hoursAround(0) });
    const loud = await rig.launch(people(2, 50), { timeZone: 'UTC', quietHours: hoursAround(12) });
    expect((await rig.until(loud, 'finished')).counts.sent).toBe(2);
    expect(await rig.campaign(quiet)).toMatchObject({ status: 'running', counts: { pending: 2 } });
    expect(await rig.store().look(quiet, 1)).toEqual({ kind: 'quiet' });
    await rig
      .supabase()
      .landing.sql('update campaigns set quiet_hours = $2 where id = $1', [quiet, hoursAround(12)]);
    expect((await rig.until(quiet, 'finished')).counts.sent).toBe(2);
  }, 60_000);
});

describe('a pause', () => {
  test('stops what is not claimed, and resuming goes on where it was', async () => {
    const id = await rig.launch(people(60, 100), { batchSize: 1, ratePerSecond: 5 });
    await waitFor(async () => (await rig.campaign(id)).counts.sent >= 2, {
      timeoutMs: 30_000,
      what: 'the first mails',
    });
    expect(await rig.store().pause(id, 'by_hand')).toEqual({ kind: 'done', status: 'paused' });
    expect(await rig.store().pause(id, 'by_hand')).toMatchObject({ kind: 'already' });
    const { counts } = await rig.campaign(id);
    await waitFor(async () => (await rig.campaign(id)).counts.sending === 0, { what: 'the rest' });
    const after = await rig.campaign(id);
    // A claim that misses its turn is handed back, and nobody claims again.
    expect(after.counts.sent).toBeGreaterThanOrEqual(counts.sent);
    expect(after.counts.sent).toBeLessThanOrEqual(counts.sent + counts.sending);
    expect(after.counts.sent + after.counts.pending).toBe(60);
    await rig.store().patch(id, { ratePerSecond: null });
    await rig.store().resume(id);
    expect((await rig.until(id, 'finished')).counts.sent).toBe(60);
    expect(new Set(await rig.reached(id)).size).toBe(60);
    expect(await rig.reached(id)).toHaveLength(60);
  }, 90_000);

  test('comes by itself when too many fail, and a person may go on', async () => {
    const list = people(200, 200).map((person, index) =>
      index % 2 === 0 ? person : { contact: `nobody-${index}@example.com` },
    );
    // So slow that the clock looks before the last call, on a busy machine too.
    const id = await rig.launch(list, { batchSize: 20, ratePerSecond: 1, maxErrorPercent: 20 });
    const paused = await rig.until(id, 'paused');
    expect(paused).toMatchObject({ pauseReason: 'too_many_errors' });
    expect(paused.counts.pending).toBeGreaterThan(0);
    await rig
      .supabase()
      .landing.sql(`update campaigns set max_error_percent = 100 where id = $1`, [id]);
    await rig.store().patch(id, { ratePerSecond: null });
    await rig.store().resume(id);
    const { counts } = await rig.until(id, 'finished');
    expect(counts).toMatchObject({ sent: 100, failed: 100 });
  }, 90_000);

  test('comes by itself when too many bounce', async () => {
    const id = await rig.launch(people(200, 500), { batchSize: 30, ratePerSecond: 1 });
    await waitFor(async () => (await rig.campaign(id)).counts.sent >= 60, {
      timeoutMs: 30_000,
      what: 'sixty mails',
    });
    await rig
      .supabase()
      .landing.sql(
        `update campaign_recipients set bounced_at = now() where campaign_id = $1 and status = 'sent'`,
        [id],
      );
    expect(await rig.until(id, 'paused')).toMatchObject({ pauseReason: 'too_many_bounces' });
  }, 60_000);

  test('comes by itself when the provider lets nothing through, and says why', async () => {
    const id = await rig.launch(people(3, 800));
    await rig.control().resend.set({ suspendedKeys: ['re_sandbox_key'] });
    try {
      expect(await rig.until(id, 'paused')).toMatchObject({
        pauseReason: 'provider_stopped',
        counts: { pending: 3, failed: 0 },
      });
      const bus = await openTestBus(rig.broker(), 'test');
      const what = `campaign_paused-${id}`;
      const told = await waitFor(() => bus.lastUnder('ALERTS', subjects.alert('*', what)));
      expect(JSON.stringify(told.event)).toContain('пока не вмешается человек');
      await bus.drain();
    } finally {
      await rig.control().resend.set({ suspendedKeys: [] });
    }
    await rig.store().resume(id);
    expect((await rig.until(id, 'finished')).counts.sent).toBe(3);
  }, 60_000);
});

describe('a cancelled campaign', () => {
  test('sends nothing more; who was not claimed is skipped', async () => {
    const id = await rig.launch(people(40, 900), { batchSize: 1, ratePerSecond: 3 });
    await waitFor(async () => (await rig.campaign(id)).counts.sent >= 2, {
      timeoutMs: 30_000,
      what: 'the first mails',
    });
    expect(await rig.store().cancel(id)).toEqual({ kind: 'done', status: 'cancelled' });
    const isOver = async () => {
      const { counts } = await rig.campaign(id);
      return counts.pending + counts.sending === 0;
    };
    await waitFor(isOver, { timeoutMs: 90_000, what: 'nobody to be claimed any more' });
    const { counts } = await rig.campaign(id);
    // On a busy machine a sender's lease may run out: then nobody says whether its mail went, and nobody asks by sending.
    expect(counts).toMatchObject({ failed: 0, skipped: 40 - counts.sent - counts.unknown });
    expect(counts.skipped).toBeGreaterThan(20);
    const reached = (await rig.reached(id)).length;
    expect(reached).toBeGreaterThanOrEqual(counts.sent);
    expect(reached).toBeLessThanOrEqual(counts.sent + counts.unknown);
    expect(await rig.store().resume(id)).toEqual({ kind: 'not_allowed', status: 'cancelled' });
  }, 150_000);

  test('of which a call has no answer: nobody asks by sending again', async () => {
    const id = await rig.launch(people(3, 950));
    await rig.control().addFault({ ...batch, action: { do: 'effect-then-5xx' } });
    await waitFor(async () => (await rig.calls(id)).length > 0, { what: 'the call' });
    await rig.store().cancel(id);
    const ended = await waitFor(
      async () => {
        const found = await rig.campaign(id);
        return found.counts.sending === 0 ? found : undefined;
      },
      { timeoutMs: 30_000, what: 'the end of it' },
    );
    expect(ended.counts).toMatchObject({ unknown: 3, sent: 0 });
    expect((await rig.recipients(id))[0]).toMatchObject({ reason: 'cancelled_in_flight' });
    expect(await rig.reached(id)).toHaveLength(3);
  }, 60_000);
});
