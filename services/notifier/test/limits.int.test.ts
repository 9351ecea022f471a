import { describe, expect, test } from 'vitest';
import { makeEvent, type Lead } from '@leadwire/shared/contract/events';
import { contactHash } from '@leadwire/shared/contacts/contact-hash';
import { newId } from '@leadwire/shared/contract/ids';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { CONTACT_HASH_SECRET } from '@leadwire/testing/settings';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const { bus, control, entriesOf, mailsTo, smsTo, startNotifier, publishLead, settled, ...rig } =
  useRig();
const PATIENCE_MS = 180_000;

const ends = async (leads: Lead[]): Promise<string[]> => {
  const all: string[] = [];
  for (const lead of leads) {
    const { email, sms } = await settled(lead);
    all.push(`email ${email}`, `sms ${sms}`);
  }
  return all;
};
const countOf = (all: string[], end: string) => all.filter((each) => each === end).length;

test(
  'one person gets one SMS and three mails of a template, whatever is posted',
  async () => {
    await Promise.all([startNotifier(), rig.startNotifierProcess(), rig.startNotifierProcess()]);
    const { phone } = someLead();
    const spellings = [
      'saule.k@gmail.com',
      'Saule.K@gmail.com',
      'saulek+1@gmail.com',
      's.a.ulek@googlemail.com',
    ];
    const leads = Array.from({ length: 16 }, (_, n) =>
      someLead({ phone, email: spellings[n % 4] ?? null, answers: { q1: `variation ${n}` } }),
    );
    await Promise.all(leads.map(publishLead));

    const all = await ends(leads);
    expect(countOf(all, 'sms sent')).toBe(1);
    expect(countOf(all, 'sms skipped: person_limit')).toBe(15);
    expect(countOf(all, 'email sent')).toBe(3);
    expect(countOf(all, 'email skipped: person_limit')).toBe(13);

    // A replay asks for nothing new; another template is another message, and the day has two.
    await Promise.all(leads.map(publishLead));
    const more = ['purchase', 'purchase'].map((kind) =>
      someLead({ kind: kind as 'purchase', phone, email: 'saulek@gmail.com', answers: {} }),
    );
    for (const lead of more) await publishLead(lead);
    const later = await ends(more);
    expect(countOf(later, 'sms sent')).toBe(1);
    expect(countOf(later, 'sms skipped: person_limit')).toBe(1);
    expect(countOf(later, 'email sent')).toBe(2);
    await rig.nothingIsLeft();
    expect(await smsTo(more[0]!)).toHaveLength(2);
    const addresses = [...spellings, 'saulek@gmail.com'];
    const mails = await Promise.all(addresses.map((each) => control().mails(each)));
    expect(mails.flat()).toHaveLength(5);
  },
  PATIENCE_MS,
);

describe('money is spent on', () => {
  test('nobody abroad, no landline, no satellite and no premium number', async () => {
    await startNotifier();
    const phones = [
      '+79161234567',
      '+998901234567',
      '+447700900123',
      '+14155552671',
      '+77172123456',
      '+77273123456',
      '+881612345678',
      '+882161234567',
      '+19005551234',
    ];
    const leads = phones.map((phone) => someLead({ phone }));
    await Promise.all(leads.map(publishLead));

    for (const lead of leads) {
      expect(await settled(lead)).toEqual({ email: 'sent', sms: 'skipped: sms_not_allowed' });
      expect(await smsTo(lead)).toEqual([]);
    }
  });

  test('no SMS at all where they are off, and no key is needed', async () => {
    await startNotifier({ SMS_ENABLED: 'false', MOBIZON_API_KEY: '' });
    const lead = someLead();
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'skipped: sms_off' });
    await expect(startNotifier({ MOBIZON_API_KEY: '' })).rejects.toThrow(
      /MOBIZON_API_KEY: missing.*SMS_ENABLED=false/,
    );
  });
});

test('an address that does not exist gets no mail of a lead either', async () => {
  const first = someLead();
  const id = newId();
  const data = {
    reason: 'bounced' as const,
    source: 'resend',
    at: new Date().toISOString(),
    channel: 'email' as const,
    contact: first.email!,
  };
  const event = makeEvent('contact.suppressed.v1', { source: 'test', subject: id, data });
  const { url } = await startNotifier();
  await bus().publish(subjects.contactSuppressed(id), event);
  await waitFor(
    async () => {
      const { stream, name } = { stream: 'CONTACTS', name: 'notifier-bounces' };
      const { num_pending, num_ack_pending } = await (
        await bus().manager()
      ).consumers.info(stream, name);
      return num_pending + num_ack_pending === 0;
    },
    { what: 'the bounce to be known' },
  );
  await publishLead(first);

  expect(await settled(first)).toEqual({ email: 'skipped: suppressed', sms: 'sent' });
  expect(await mailsTo(first)).toEqual([]);
  expect((await entriesOf(first)).map(({ attempts }) => attempts)).toEqual([1, 1]);
  expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
    /deliveries_skipped_total\{channel="email",reason="suppressed",service="notifier"\} 1/,
  );
});

test('who was erased is not written to because of what they said before, also by a replay', async () => {
  const lead = someLead();
  const erasedAt = new Date(Date.parse(lead.receivedAt) + 1).toISOString();
  const list = await bus().bucket('erasures');
  for (const contact of [lead.phone!, lead.email!]) {
    const key = `contact.${contactHash(CONTACT_HASH_SECRET, contact)}`;
    await list.put(key, JSON.stringify({ erasureId: newId(), erasedAt }));
  }
  const receivedAt = new Date(Date.parse(erasedAt) + 1).toISOString();
  const again = someLead({ email: lead.email, phone: lead.phone, receivedAt });
  await startNotifier();
  await publishLead(lead);
  await publishLead(again);

  expect(await settled(lead)).toEqual({ email: 'skipped: erased', sms: 'skipped: erased' });
  expect(await settled(again)).toEqual({ email: 'sent', sms: 'sent' });
});

test('an SMS waits for the end of quiet hours', async () => {
  // Whatever the time is: quiet for all of the day but for an hour that is not now.
  const hour = (new Date().getUTCHours() + 5) % 24;
  const quiet = `${(hour + 23) % 24}-${(hour + 22) % 24}`;
  await startNotifier({ LEAD_SMS_QUIET_HOURS: quiet });
  const lead = someLead();
  await publishLead(lead);

  await rig.told(lead, 'email', 'sent');
  const stream = await (await bus().manager()).streams.get('NOTIFICATIONS');
  const waiting = await waitFor(
    async () => {
      const sms = (await entriesOf(lead)).find(({ channel }) => channel === 'sms');
      const subject = subjects.notifyAt('sms', sms?.deliveryId ?? '');
      return stream.getMessage({ last_by_subj: subject }).catch(() => undefined);
    },
    { what: 'the SMS to wait at the broker' },
  );
  const until = Date.parse(waiting.header.get('Nats-Schedule').replace('@at ', ''));
  expect(until).toBeGreaterThan(Date.now() + 20 * 60 * 60_000);
  expect(await smsTo(lead)).toEqual([]);
});
