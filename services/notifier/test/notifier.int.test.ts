import { describe, expect, test } from 'vitest';
import { makeEvent, type DeliveryRecorded } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import { useRig } from './rig.ts';

const { bus, control, entriesOf, mailsTo, smsTo, ...rig } = useRig();
const { startNotifier, publishLead, settled, told, nothingIsLeft } = rig;

describe('an ordinary lead', () => {
  test('gets one mail and one SMS, not before they are due, and the outcome is told', async () => {
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    const [mails, sms] = [await mailsTo(lead), await smsTo(lead)];
    expect(mails).toHaveLength(1);
    expect(sms).toHaveLength(1);
    expect(sms[0]).toMatchObject({ segments: 1, from: 'Leadwire' });
    const dueAt = Date.parse(lead.receivedAt) + 300;
    expect(Date.parse(mails[0]!.at)).toBeGreaterThanOrEqual(dueAt);
    expect(Date.parse(sms[0]!.at)).toBeGreaterThanOrEqual(dueAt);

    const event = (await told(lead, 'sms', 'sent')).event as DeliveryRecorded;
    expect(event.data).toMatchObject({ leadId: lead.leadId, outcome: 'sent', attempts: 1 });
    expect(sms[0]!.text).toContain(`/s/${event.data.shortLink!.code}`);
    await told(lead, 'email', 'planned');
    await nothingIsLeft();
  });

  test('of a course purchase gets the texts of the purchase', async () => {
    await startNotifier();
    const lead = someLead({ kind: 'purchase', paymentMethod: 'kaspi', answers: {} });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    expect((await mailsTo(lead))[0]!.tags).toContainEqual({
      name: 'template',
      value: 'course-purchase',
    });
  });
});

describe('a lead that one channel cannot reach', () => {
  test('with an invalid phone gets its mail, and the SMS is skipped with its reason', async () => {
    const { url } = await startNotifier();
    const lead = someLead({ phone: '870512345', contactIssues: ['phone_invalid'] });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'sent', sms: 'skipped: phone_invalid' });
    expect(await mailsTo(lead)).toHaveLength(1);
    expect((await told(lead, 'sms', 'skipped')).event).toMatchObject({
      data: { reason: 'phone_invalid' },
    });
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(
      /deliveries_total\{channel="sms",outcome="skipped",service="notifier"\} 1/,
    );
  });

  test('without a mail address gets its SMS', async () => {
    await startNotifier();
    const lead = someLead({ email: null, contactIssues: ['email_invalid'] });
    await publishLead(lead);

    expect(await settled(lead)).toEqual({ email: 'skipped: email_invalid', sms: 'sent' });
  });
});

test('a lead that was held for long gets its messages when it is let out, once', async () => {
  await startNotifier();
  const receivedAt = new Date(Date.now() - 20 * 24 * 3_600_000).toISOString();
  const lead = someLead({ receivedAt, quarantine: 'flood' });
  const { leadId, kind } = lead;
  const event = makeEvent('lead.released.v1', { source: 'test', subject: leadId, data: lead });
  await bus().publish(subjects.leadReleased(kind, leadId), event);
  expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
  expect(await mailsTo(lead)).toHaveLength(1);
});

describe('nobody is contacted twice', () => {
  test('when LeadCreated is delivered again, before and after sending', async () => {
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);
    await publishLead(lead);
    await settled(lead);
    await publishLead(lead);
    await nothingIsLeft();

    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('when the due message itself is delivered again', async () => {
    await startNotifier();
    const lead = someLead();
    await publishLead(lead);
    await settled(lead);
    for (const { deliveryId, channel, template, dueAt, leadId, shortLink } of await entriesOf(
      lead,
    )) {
      const due = leadCreated(lead);
      const data = { deliveryId, channel, template, dueAt, leadId, lead, shortLink };
      const event = { ...due, type: 'notification.due.v1', data };
      await bus().publish(
        subjects.notifyDue(channel, deliveryId),
        Buffer.from(JSON.stringify(event)),
      );
    }
    await nothingIsLeft();

    expect(await mailsTo(lead)).toHaveLength(1);
    expect(await smsTo(lead)).toHaveLength(1);
  });

  test('when two notifiers share the work', async () => {
    await Promise.all([startNotifier(), rig.startNotifierProcess()]);
    const leads = Array.from({ length: 30 }, () => someLead());
    await Promise.all(leads.map(publishLead));

    for (const lead of leads) expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
    for (const lead of leads) {
      expect(await mailsTo(lead)).toHaveLength(1);
      expect(await smsTo(lead)).toHaveLength(1);
    }
  });

  test.each(['effect-then-drop', 'effect-then-5xx', 'effect-then-garbage'] as const)(
    'when both providers act and then fail to say so (%s)',
    async (action) => {
      for (const provider of ['resend', 'mobizon']) {
        const path = provider === 'resend' ? '/emails' : '*/sendSmsMessage';
        await control().addFault({ provider, path, count: 1, action: { do: action } });
      }
      await startNotifier();
      const lead = someLead();
      await publishLead(lead);

      expect(await settled(lead)).toEqual({ email: 'sent', sms: 'sent' });
      expect(await mailsTo(lead)).toHaveLength(1);
      expect(await smsTo(lead)).toHaveLength(1);
    },
  );
});
