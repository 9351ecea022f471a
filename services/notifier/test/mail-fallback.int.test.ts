import { beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import type { Lead } from '@leadwire/shared/contract/events';
import { subjects } from '@leadwire/shared/contract/topology';
import { someLead } from '@leadwire/testing/lead';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

/** Outage, fallback and return, each seen by real waits: a busy machine needs more than the usual limit. */
const PATIENCE_MS = 90_000;

const { bus, control, entriesOf, mailsTo, publishLead, mailgunEnv, nothingIsLeft, ...rig } =
  useRig();
/** Apart from the test, which publishes lead after lead: the two do not take each other's time. */
const startNotifier = rig.startNotifierProcess;

const mailEntry = async (lead: Lead) =>
  (await entriesOf(lead)).find(({ channel }) => channel === 'email');

/** Only a mail: the SMS would only take time. */
const mailOnly = () => someLead({ phone: null, contactIssues: ['phone_missing'] });

async function alert(): Promise<Alert | undefined> {
  const stored = await bus().lastUnder('ALERTS', subjects.alert('*', 'mail_fallback'));
  return (stored?.event as { data: Alert } | undefined)?.data;
}

const throughMailgun = async () => (await control().effects({ provider: 'mailgun' })).length;

/** True five times a second: leads come one after the other. */
let lastAt = 0;
function isPaced(): boolean {
  if (Date.now() - lastAt < 200) return false;
  lastAt = Date.now();
  return true;
}

/** Leads one after the other until a mail has gone out through Mailgun; returns all of them. */
async function leadsUntilMailgun(): Promise<Lead[]> {
  const before = await throughMailgun();
  const leads: Lead[] = [];
  await waitFor(
    async () => {
      if (isPaced()) {
        const lead = mailOnly();
        leads.push(lead);
        await publishLead(lead);
      }
      return (await throughMailgun()) > before;
    },
    { timeoutMs: PATIENCE_MS, what: 'a mail through Mailgun' },
  );
  return leads;
}

const allSent = (leads: Lead[]) =>
  waitFor(
    async () => {
      const entries = await Promise.all(leads.map(mailEntry));
      return entries.every((entry) => entry?.state === 'sent') ? entries : undefined;
    },
    { timeoutMs: PATIENCE_MS, what: 'every mail to be sent' },
  );

async function oneEach(leads: Lead[]): Promise<void> {
  for (const lead of leads) expect(await mailsTo(lead)).toHaveLength(1);
}

beforeEach(async () => {
  // Whatever a test before left behind is over once Resend has taken a mail again.
  const bucket = await bus().bucket('limits');
  if (await bucket.get('resend_health')) await bucket.delete('resend_health');
});

describe('while Resend does not take mail', () => {
  test(
    'new mails go through Mailgun, what Resend may have waits for it, and each person gets one',
    async () => {
      await control().addFault({ provider: 'resend', action: { do: 'refuse', status: 503 } });
      await startNotifier(mailgunEnv());
      const leads = await leadsUntilMailgun();
      const told = await alert();
      expect(told).toMatchObject({
        severity: 'warning',
        message: expect.stringContaining('Mailgun'),
      });
      expect(told?.state).not.toBe('resolved');

      await control().clearFaults();
      const later = mailOnly();
      await publishLead(later);
      const entries = await allSent([...leads, later]);
      await oneEach([...leads, later]);
      const providers = new Set(entries.map((entry) => entry?.provider));
      expect(providers).toEqual(new Set(['resend', 'mailgun']));
      await waitFor(
        async () => {
          // A mail that is Resend's again ends it.
          if (isPaced()) await publishLead(mailOnly());
          return (await alert())?.state === 'resolved';
        },
        { timeoutMs: 20_000, what: 'the alert to be over' },
      );
      await nothingIsLeft();
    },
    PATIENCE_MS * 2,
  );

  test('a refused key is no reason to stop, and loses no mail', async () => {
    await control().resend.set({ apiKeys: ['re_another'] });
    await startNotifier({ ...mailgunEnv(), MAIL_FALLBACK_AFTER_MS: '600000' });
    // The first of them is the probe: refused for sure, so that it is Mailgun's as well.
    const before = new Date(Date.now() - 60_000).toISOString();
    const row = { failingSince: before, failedAt: before, failures: 3 };
    const state = { ...row, kind: 'stopped', isDown: true };
    await (await bus().bucket('limits')).put('resend_health', JSON.stringify(state));
    const leads = Array.from({ length: 4 }, mailOnly);
    for (const lead of leads) await publishLead(lead);
    const entries = await allSent(leads);
    expect(new Set(entries.map((entry) => entry?.provider))).toEqual(new Set(['mailgun']));
    await oneEach(leads);
    await control().resend.set({ apiKeys: ['re_sandbox_key'] });
  });
});

describe('a mail that Mailgun may have', () => {
  const isDown = async () => {
    const now = new Date().toISOString();
    // Probed just now: nobody tries Resend meanwhile.
    const state = { failingSince: now, failedAt: now, failures: 9, kind: 'failing', isDown: true };
    await (await bus().bucket('limits')).put('resend_health', JSON.stringify(state));
  };

  test.each(['effect-then-5xx', 'effect-then-drop', 'effect-then-garbage'] as const)(
    'is looked for and not sent again, by nobody (%s)',
    async (action) => {
      await control().addFault({ provider: 'resend', action: { do: 'refuse', status: 503 } });
      await control().addFault({
        provider: 'mailgun',
        path: '*/messages',
        count: 1,
        action: { do: action },
      });
      await isDown();
      await startNotifier({ ...mailgunEnv(), MAIL_FALLBACK_AFTER_MS: '600000' });
      const lead = mailOnly();
      await publishLead(lead);
      const [entry] = await allSent([lead]);
      const [mail] = await mailsTo(lead);
      expect(entry).toMatchObject({ provider: 'mailgun', providerId: mail?.id });
      await oneEach([lead]);
    },
  );

  test('and that is not in its list when that is complete is sent once more', async () => {
    const lost = { provider: 'mailgun', path: '*/messages', count: 1 };
    await control().addFault({ ...lost, action: { do: 'refuse', status: 500 } });
    await isDown();
    await startNotifier({ ...mailgunEnv(), MAIL_FALLBACK_AFTER_MS: '600000' });
    const lead = mailOnly();
    await publishLead(lead);
    const [entry] = await allSent([lead]);
    expect(
      Date.parse(entry?.settledAt ?? '') - Date.parse(entry?.firstClaimAt ?? ''),
    ).toBeGreaterThan(3_000);
    await oneEach([lead]);
  });

  test('and that a key which may only send cannot look up is a person’s to decide', async () => {
    const key = 'mailgun-sending-key';
    await control().mailgun.set({ sendingKeys: [key] });
    await control().addFault({
      provider: 'mailgun',
      path: '*/messages',
      count: 1,
      action: { do: 'effect-then-drop' },
    });
    await isDown();
    await startNotifier({
      ...mailgunEnv(),
      MAILGUN_API_KEY: key,
      MAIL_FALLBACK_AFTER_MS: '600000',
    });
    const lead = mailOnly();
    await publishLead(lead);
    const entry = await waitFor(
      async () => {
        const found = await mailEntry(lead);
        return found?.settledAt ? found : undefined;
      },
      { timeoutMs: 20_000, what: 'its end' },
    );
    expect(entry).toMatchObject({ state: 'unknown', reason: 'mailgun_key_only_sends' });
    await oneEach([lead]);
  });
});
