import { describe, expect, test } from 'vitest';
import type { Bus } from '@leadwire/shared/broker/bus';
import { TransientError } from '@leadwire/shared/errors';
import type { Lead } from '@leadwire/shared/contract/events';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { findDeadLetters } from '@leadwire/operations/dead-letters/dead-letters';
import { createRedriver } from '@leadwire/operations/dead-letters/redrive';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();

/** A lead whose mail was refused for good, with its dead letter. */
async function refusedMail(): Promise<{ lead: Lead; seq: string; failedAt: string }> {
  await rig.refuseMails();
  const lead = someLead();
  await rig.publishLead(lead);
  const { settledAt: failedAt = '' } = await rig.emailEnds(lead, 'failed');
  const seq = await rig.deadLetter(lead);
  await rig.acceptMails();
  return { lead, seq, failedAt };
}

async function facts(lead: Lead, outcome: string): Promise<{ at: string }[]> {
  const { deliveryId } = await rig.emailOf(lead);
  const subject = subjects.delivery('email', outcome, deliveryId);
  const found: { at: string }[] = [];
  for await (const { json } of readStream(rig.bus(), 'DELIVERIES', { subject })) {
    found.push((json as { data: { at: string } }).data);
  }
  return found;
}

describe('an empty list', () => {
  test('is said in words', async () => {
    expect(await rig.cli('dead', 'list')).toEqual({
      code: 0,
      out: 'No dead letters: everything could be handled.\n',
      err: '',
    });
  });
});

describe('a mail that was refused', () => {
  test('is listed with its cause and found by every filter, and by none that does not fit', async () => {
    const { lead, seq } = await refusedMail();
    const { out } = await rig.cli('dead', 'list');
    expect(out).toMatch(/^SEQ +WHEN +DURABLE +CAUSE +ATTEMPTS +LEAD +ERROR$/m);
    expect(out).toMatch(
      new RegExp(`^${seq} .* notifier-email +validation_error +1 +${lead.leadId} +\\S`, 'm'),
    );
    const fitting = await rig.cli(
      ...['dead', 'list', '--cause', 'validation_error', '--service', 'notifier'],
      ...['--since', '1h', '--until', new Date(Date.now() + 60_000).toISOString(), '--limit', '1'],
    );
    expect(fitting.out).toContain(lead.leadId);
    const { out: none } = await rig.cli('dead', 'list', '--cause', 'bad_schema');
    expect(none).toBe('No dead letter fits these filters.\n');
    const hourAgo = new Date(Date.now() - 60 * 60_000);
    for (const filter of [{ service: 'notifier-sms' }, { service: 'note' }, { until: hourAgo }]) {
      expect(await findDeadLetters(rig.bus(), filter)).toEqual([]);
    }
  });

  test('is shown with its payload, contact data masked unless it is asked for', async () => {
    const { lead, seq } = await refusedMail();
    const masked = (await rig.cli('dead', 'show', seq)).out;
    expect(masked).toContain('validation_error');
    expect(masked).toContain(`"email": "a•••@mail.leadwire-sample.kz"`);
    expect(masked).toContain(`"phone": "+7705•••${lead.phone!.slice(-2)}"`);
    for (const secret of [lead.email!, lead.phone!, lead.name, 'Аналитик']) {
      expect(masked).not.toContain(secret);
    }
    const whole = (await rig.cli('dead', 'show', seq, '--private')).out;
    for (const secret of [lead.email!, lead.phone!, lead.name, 'Аналитик']) {
      expect(whole).toContain(secret);
    }
  });
});

describe('redrive', () => {
  test('without a terminal and without --yes changes nothing', async () => {
    const { lead, seq } = await refusedMail();
    const { code, out, err } = await rig.cli('dead', 'redrive', seq);
    expect(code).toBe(2);
    expect(out).toContain('1 dead letter to be redriven');
    expect(err).toContain('Give --yes');
    expect((await rig.emailOf(lead)).state).toBe('failed');
    expect(await rig.deadLetter(lead)).toBe(seq);
  });

  test('sends the mail once, however often it is said, and the outcome is told', async () => {
    const { lead, seq } = await refusedMail();
    const foreseen = await rig.cli('dead', 'redrive', seq, '--dry-run', '--json');
    expect(JSON.parse(foreseen.out)).toMatchObject({ foreseen: [{ act: 'redrive' }] });
    const { code, out } = await rig.cli('dead', 'redrive', seq, '--yes');
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('1 redriven.') });
    await rig.emailEnds(lead, 'sent');
    const none = await rig.cli('dead', 'redrive', seq, '--yes', '--json');
    expect([JSON.parse(none.out), none.err]).toEqual([
      { done: false },
      `Nothing to do: there is no dead letter ${seq} (any more).\n`,
    ]);

    const again = await rig.cli('dead', 'redrive', seq, '--yes');
    expect(again.out).toBe(`Nothing to do: there is no dead letter ${seq} (any more).\n`);
    expect(await rig.mailsTo(lead)).toHaveLength(1);
    expect(await facts(lead, 'sent')).toHaveLength(1);
  });

  test('of the last one ends the alert that the first one raised', async () => {
    const alert = async () => {
      const subject = subjects.alert('*', 'notifier-email_dead_letters');
      const stored = await rig.bus().lastUnder('ALERTS', subject);
      return stored && JSON.stringify(stored.event);
    };
    const { lead } = await refusedMail();
    await waitFor(async () => (await alert())?.includes('gave a message up'), {
      what: 'the alert',
    });
    expect(await alert()).not.toContain('"resolved"');
    await rig.cli('dead', 'redrive', '--service', 'notifier-email', '--yes');
    await rig.emailEnds(lead, 'sent');
    await waitFor(async () => (await alert())?.includes('"resolved"'), { what: 'its end' });
  });

  test('that fails again leaves a new dead letter, and the newer end is told', async () => {
    const { lead, seq, failedAt } = await refusedMail();
    await rig.refuseMails();
    await rig.cli('dead', 'redrive', seq, '--yes');
    const { settledAt } = await rig.emailEnds(lead, 'failed', failedAt);
    await rig.deadLetter(lead, seq);
    expect((await facts(lead, 'failed')).map(({ at }) => at)).toEqual([failedAt, settledAt]);
  });

  test('that dies before it removes the letter is harmless: the next one finds the mail sent', async () => {
    const { lead, seq } = await refusedMail();
    const bus = rig.bus();
    const dying: Bus = { ...bus, manager: () => Promise.reject(new TransientError('killed')) };
    const ledger = createLedger(bus);
    const redriver = createRedriver({ bus: dying, ledger, isUnknownToo: false });
    const [letter] = await findDeadLetters(bus, { seq: Number(seq) });
    await expect(redriver.redrive(letter!)).rejects.toThrow('killed');
    await rig.emailEnds(lead, 'sent');

    const { out } = await rig.cli('dead', 'redrive', seq, '--yes');
    expect(out).toContain('nothing to do: already sent');
    expect((await rig.cli('dead', 'show', seq)).code).toBe(1);
    expect(await rig.mailsTo(lead)).toHaveLength(1);
  });

  test('of a letter that was answered and failed again does not try a third time', async () => {
    const { lead, seq, failedAt } = await refusedMail();
    const bus = rig.bus();
    const [letter] = await findDeadLetters(bus, { seq: Number(seq) });
    await rig.refuseMails();
    await rig.cli('dead', 'redrive', seq, '--yes');
    const { attempts } = await rig.emailEnds(lead, 'failed', failedAt);

    const ledger = createLedger(bus);
    const late = await createRedriver({ bus, ledger, isUnknownToo: true }).redrive(letter!);
    expect(late).toEqual({ act: 'settle', why: 'nothing to do: tried again since, failed again' });
    expect(await rig.emailOf(lead)).toMatchObject({ state: 'failed', attempts });
  });

  test('by two people at once sends one mail', async () => {
    const { lead, seq } = await refusedMail();
    await Promise.all([1, 2].map(() => rig.cli('dead', 'redrive', seq, '--yes')));
    await rig.emailEnds(lead, 'sent');
    expect(await rig.mailsTo(lead)).toHaveLength(1);
  });

  test('leaves what may have been sent to a person, who can have it sent all the same', async () => {
    const { lead, seq } = await refusedMail();
    const entry = await rig.emailOf(lead);
    const { deliveryId, leadId, channel, template } = entry;
    const key = [leadId, channel, template].join('.');
    const bucket = await rig.bus().bucket('deliveries');
    await bucket.put(key, JSON.stringify({ ...entry, state: 'unknown', reason: 'not_found' }));

    const careful = await rig.cli('dead', 'redrive', seq, '--yes');
    expect(careful.out).toContain('--unknown-too sends it all the same');
    expect(careful.out).toContain('Nothing to do.');
    expect(await rig.mailsTo(lead)).toHaveLength(0);
    expect(deliveryId).toBe((await rig.emailOf(lead)).deliveryId);

    await rig.cli('dead', 'redrive', seq, '--unknown-too', '--yes');
    await rig.emailEnds(lead, 'sent');
    expect(await rig.mailsTo(lead)).toHaveLength(1);
  });

  test('of a mail from days ago sends it: its age counts from the redrive', async () => {
    const { lead, seq } = await refusedMail();
    const entry = await rig.emailOf(lead);
    const bucket = await rig.bus().bucket('deliveries');
    const key = [entry.leadId, entry.channel, entry.template].join('.');
    const longAgo = new Date(Date.now() - 3 * 24 * 60 * 60_000).toISOString();
    await bucket.put(key, JSON.stringify({ ...entry, dueAt: longAgo, firstClaimAt: longAgo }));

    await rig.cli('dead', 'redrive', seq, '--yes');
    await rig.emailEnds(lead, 'sent');
    expect(await rig.mailsTo(lead)).toHaveLength(1);
  });

  test('of a filter takes every letter that fits', async () => {
    const both = [await refusedMail(), await refusedMail()];
    // Those that the tests before have left go along: they are to be over before mails are refused again.
    const letters = await findDeadLetters(rig.bus(), { cause: 'validation_error' });
    const leadIds = letters.map(({ leadId = '' }) => leadId);
    expect(leadIds).toEqual(expect.arrayContaining(both.map(({ lead }) => lead.leadId)));
    await rig.cli('dead', 'redrive', '--cause', 'validation_error', '--since', '1h', '--yes');
    for (const leadId of leadIds) await rig.emailEnds({ leadId }, 'sent');
    const { out } = await rig.cli('dead', 'list', '--cause', 'validation_error');
    expect(out).toBe('No dead letter fits these filters.\n');
  });

  test('asks which ones are meant', async () => {
    const { code, err } = await rig.cli('dead', 'redrive', '--yes');
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('Which ones?') });
  });
});

describe('drop', () => {
  test('removes the letter and leaves the delivery as it is', async () => {
    const { lead, seq } = await refusedMail();
    const { out } = await rig.cli('dead', 'drop', '--service', 'notifier-email', '--yes');
    expect(out).toContain('1 dropped.');
    expect((await rig.cli('dead', 'show', seq)).err).toContain(`There is no dead letter ${seq}`);
    expect((await rig.emailOf(lead)).state).toBe('failed');
  });
});

describe('sweep', () => {
  test('hands out an overdue message that has none', async () => {
    expect((await rig.cli('dead', 'sweep')).out).toContain('No strays');
    const lead = someLead();
    await rig.publishLead(lead);
    const entry = await rig.emailEnds(lead, 'sent');
    const { shortLink, leadId } = entry;
    const lost = { ...entry, template: 'course-purchase', deliveryId: leadId };
    const dueAt = new Date(Date.now() - 10 * 60_000);
    await createLedger(rig.bus()).plan(lost, { dueAt, shortLink: shortLink! });

    const { code, out } = await rig.cli('dead', 'sweep', '--yes');
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('1 handed out again.'),
    });
    expect(out).toContain(leadId);
  });
});
