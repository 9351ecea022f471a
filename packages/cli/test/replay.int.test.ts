import { beforeAll, describe, expect, test } from 'vitest';
import type { Lead } from '@leadwire/shared/contract/events';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const rig = useRig();
const { cli } = rig;

const spring: Lead = { ...someLead(), campaign: 'spring_a', kind: 'proftest' };
const autumn: Lead = { ...someLead(), campaign: 'autumn_b', kind: 'proftest' };

const smsOf = async ({ leadId }: Lead) =>
  (await createLedger(rig.bus()).ofLead(leadId)).find(({ channel }) => channel === 'sms');

/** Both messages of the lead have been sent. */
const allSent = async (lead: Lead): Promise<void> => {
  await rig.emailEnds(lead, 'sent');
  await waitFor(async () => (await smsOf(lead))?.state === 'sent', { what: 'the SMS to be sent' });
};

/** The durable has nothing left to do: what was replayed to it has been handled. */
const isIdle = (durable: string) =>
  waitFor(
    async () => {
      const info = await (await rig.bus().manager()).consumers.info('LEADS', durable);
      return info.num_pending === 0 && info.num_ack_pending === 0;
    },
    { what: `${durable} to be idle` },
  );

beforeAll(async () => {
  for (const lead of [spring, autumn]) {
    await rig.publishLead(lead);
    await allSent(lead);
  }
});

describe('a replay', () => {
  test('says what would happen and, as a dry run, changes nothing', async () => {
    const before = (await (await rig.bus().manager()).streams.info('LEADS')).state.last_seq;
    const { code, out } = await cli('replay', '--lead', spring.leadId, '--to', 'all', '--dry-run');
    expect(code).toBe(0);
    expect(out).toMatch(/notifier-plan +1 +nothing for 2 messages that ended/);
    expect(out).toMatch(/lead-store-leads +1 +written again; what is newer stays/);
    expect(out).toMatch(/crm-sync +1 /);
    expect(out).toContain('Nothing was changed');
    expect((await (await rig.bus().manager()).streams.info('LEADS')).state.last_seq).toBe(before);
  });

  test('of everything to everyone sends nothing again', async () => {
    const { code, out } = await cli('replay', '--everything', '--to', 'all', '--yes');
    expect({ code, out }).toMatchObject({ code: 0 });
    await isIdle('notifier-plan');
    for (const lead of [spring, autumn]) {
      expect(await rig.mailsTo(lead)).toHaveLength(1);
      expect((await rig.emailOf(lead)).attempts).toBe(1);
      expect((await smsOf(lead))?.attempts).toBe(1);
    }
  });

  test('reaches only the durable that it is meant for', async () => {
    await cli('replay', '--lead', spring.leadId, '--to', 'tripwire-leads', '--yes');
    const subject = subjects.leadCreated(spring.kind, spring.leadId);
    const under = (durable: string) =>
      rig.bus().lastUnder('LEADS', subjects.redrive(durable, '*', subject));
    const replayed = await under('tripwire-leads');
    expect(replayed?.header('Leadwire-Replayed')).toBeDefined();
    const other = await under('lead-store-leads');
    expect(other?.header('Leadwire-Replayed')).not.toBe(replayed?.header('Leadwire-Replayed'));
  });

  test('takes the leads of one landing page, or of a time, and says when none fits', async () => {
    const count = async (...filter: string[]) =>
      (await cli('replay', ...filter, '--to', 'lead-store-leads', '--dry-run')).out;
    expect(await count('--campaign', 'spring_a')).toMatch(/lead-store-leads +1 /);
    expect(await count('--since', '1h')).toMatch(/lead-store-leads +2 /);
    expect(await count('--until', '1h')).toContain('Nothing to do: no event fits.');
    expect(await count('--campaign', 'nobody')).toContain('Nothing to do: no event fits.');
    const facts = await cli('replay', '--campaign', 'spring_a', '--to', 'lead-store', '--dry-run');
    expect(facts.out).toMatch(/lead-store-deliveries +[2-9] /);
  });

  test('wants to be told whose events, and to whom', async () => {
    expect(await cli('replay', '--to', 'all')).toMatchObject({ code: 2 });
    expect(await cli('replay', '--everything')).toMatchObject({ code: 2 });
    const { code, err } = await cli('replay', '--everything', '--to', 'nobody');
    expect(code).toBe(2);
    expect(err).toContain('lead-store-leads');
    expect((await cli('replay', '--everything', '--to', 'all')).err).toContain('--yes');
  });
});

describe('leads resend', () => {
  test('sends nothing without the number of the lead', async () => {
    const { code, err } = await cli('leads', 'resend', spring.leadId, '--channel', 'email');
    expect(code).toBe(2);
    expect(err).toContain(`--confirm ${spring.leadId.slice(0, 8)}`);
    expect(await rig.mailsTo(spring)).toHaveLength(1);
  });

  test('sends one copy more, and admins are told', async () => {
    const { settledAt } = await rig.emailOf(autumn);
    const { code, out } = await cli(
      ...['leads', 'resend', autumn.leadId, '--channel', 'email'],
      ...['--confirm', autumn.leadId.slice(0, 8)],
    );
    expect({ code, out }).toMatchObject({ code: 0 });
    expect(out).toContain('HAS THIS ALREADY');
    await rig.emailEnds(autumn, 'sent', settledAt);
    // Resend knows the first one's key for a day: this one has another.
    expect(await rig.mailsTo(autumn)).toHaveLength(2);
    expect((await smsOf(autumn))?.attempts).toBe(1);
    const alert = await rig.bus().lastUnder('ALERTS', 'alerts.warning.forced_resend');
    expect(JSON.stringify(alert?.event)).toContain(autumn.leadId);
    expect(JSON.stringify(alert?.event)).not.toContain(autumn.email);

    await cli('replay', '--lead', autumn.leadId, '--to', 'notifier', '--yes');
    await isIdle('notifier-plan');
    expect(await rig.mailsTo(autumn)).toHaveLength(2);
  });
});
