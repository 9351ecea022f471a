import { describe, expect, test } from 'vitest';
import { people, useRig } from './rig.ts';

const rig = useRig({ hasMailer: true });

describe('a campaign', () => {
  test('writes to everybody once, each a mail of their own, in one call for up to a hundred', async () => {
    const excluded = people(52).slice(10, 16);
    for (const { contact } of excluded) {
      await rig
        .supabase()
        .landing.sql(`insert into exclusion_lists (channel, contact) values ('email', $1)`, [
          contact,
        ]);
    }
    const id = await rig.draft(people(52));
    expect(await rig.store().preview(id)).toEqual({
      read: 52,
      audience: 46,
      leftOut: { excluded_standing: 6 },
    });
    expect(await rig.start(id, 46)).toEqual({ kind: 'started', audience: 46 });
    const { counts } = await rig.until(id, 'finished');
    expect(counts).toMatchObject({ audience: 46, sent: 46, failed: 0, skipped: 0, unknown: 0 });
    const reached = await rig.reached(id);
    expect(reached).toHaveLength(46);
    expect(new Set(reached).size).toBe(46);
    expect(reached).not.toContain(excluded[0]!.contact);
    expect(await rig.calls(id)).toHaveLength(1);
  }, 60_000);

  test('carries a way out and what its facts are recognised by', async () => {
    const id = await rig.launch(people(1, 1_000));
    await rig.until(id, 'finished');
    const [row] = await rig.recipients(id);
    const [mail] = await rig.control().mails('person-1000@mail.leadwire-sample.kz');
    expect(mail!.tags).toEqual([
      { name: 'template', value: 'stream-moved' },
      { name: 'campaign_id', value: id },
      { name: 'delivery_id', value: row!.id },
    ]);
    const link = mail!.headers['List-Unsubscribe'] ?? '';
    expect(link).toMatch(/^<https:\/\/leadwire\.kz\/u\/[\w-]{64,}>$/);
    expect(mail!.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click');
    expect(mail!.text).toContain(link.slice(1, -1));
    expect(mail!.html).toContain('Айгерим');
    expect(row).toMatchObject({ status: 'sent', providerId: mail!.id });
  }, 60_000);

  test('one bad address fails alone', async () => {
    const list = people(10, 2_000);
    list[4] = { contact: 'nobody@example.com' };
    const id = await rig.launch(list);
    const { counts } = await rig.until(id, 'finished');
    expect(counts).toMatchObject({ sent: 9, failed: 1 });
    const rows = await rig.recipients(id);
    expect(rows[4]).toMatchObject({ status: 'failed', reason: 'refused_by_provider' });
    const byId = new Map((await rig.control().mails()).map((mail) => [mail.id, mail.to[0]]));
    const sent = rows.filter(({ status }) => status === 'sent');
    expect(sent.map(({ providerId }) => byId.get(providerId!))).toEqual(
      sent.map(({ contact }) => contact),
    );
  }, 60_000);

  test('the failed ones are tried again, nobody else', async () => {
    const list = people(5, 2_100);
    list[2] = { contact: 'nobody@example.com' };
    const id = await rig.launch(list);
    await rig.until(id, 'finished');
    const { store, supabase } = rig;
    // Its address was mended meanwhile.
    const mend = `update campaign_recipients set contact = $2 where campaign_id = $1 and status = 'failed'`;
    await supabase().landing.sql(mend, [id, 'mended@mail.leadwire-sample.kz']);
    const again = { batchSize: 100, unknownToo: false };
    expect(await store().retry(id, again)).toEqual({ kind: 'retried', people: 1 });
    const { counts } = await rig.until(id, 'finished');
    expect(counts).toMatchObject({ sent: 5, failed: 0 });
    expect(await rig.reached(id)).toHaveLength(5);
    expect(await store().retry(id, again)).toEqual({ kind: 'nothing' });
  }, 60_000);
});

describe('who is suppressed between the start and the claim', () => {
  test('is skipped, and the others get theirs', async () => {
    const id = await rig.launch(people(150, 3_000));
    const suppress = `insert into suppressions (channel, contact, reason) values ('email', $1, 'unsubscribed')`;
    await rig.supabase().landing.sql(suppress, ['person-3120@mail.leadwire-sample.kz']);
    const { counts } = await rig.until(id, 'finished');
    expect(counts).toMatchObject({ audience: 150, sent: 149, skipped: 1 });
    expect(await rig.reached(id)).not.toContain('person-3120@mail.leadwire-sample.kz');
    const skipped = (await rig.recipients(id)).find(({ status }) => status === 'skipped');
    expect(skipped).toMatchObject({ reason: 'suppressed', row: 121 });
  }, 60_000);

  test('leaves an empty batch, which is settled without a call', async () => {
    const id = await rig.launch(people(1, 3_500));
    const suppress = `insert into suppressions (channel, contact, reason) values ('email', $1, 'complained')`;
    await rig.supabase().landing.sql(suppress, ['person-3500@mail.leadwire-sample.kz']);
    expect((await rig.until(id, 'finished')).counts).toMatchObject({ sent: 0, skipped: 1 });
    expect(await rig.calls(id)).toEqual([]);
  }, 60_000);
});

describe('a topic', () => {
  test('reaches a person once, whichever of two campaigns comes first', async () => {
    const both = people(120, 4_000);
    const [first, second] = await Promise.all([
      rig.launch(both, { topic: 'stream-27-november', batchSize: 30 }),
      rig.launch(both.toReversed(), { topic: 'stream-27-november', batchSize: 40 }),
    ]);
    await rig.startMailer();
    const ended = await Promise.all([rig.until(first, 'finished'), rig.until(second, 'finished')]);
    const [one, other] = ended.map(({ counts }) => counts);
    expect(one!.sent + other!.sent).toBe(120);
    expect(one!.skipped + other!.skipped).toBe(120);
    const reached = [...(await rig.reached(first)), ...(await rig.reached(second))];
    expect(new Set(reached).size).toBe(120);
    expect(reached).toHaveLength(120);

    const third = await rig.draft(both, { topic: 'stream-27-november' });
    expect(await rig.store().preview(third)).toMatchObject({
      audience: 0,
      leftOut: { topic_already_sent: 120 },
    });
  }, 90_000);
});
