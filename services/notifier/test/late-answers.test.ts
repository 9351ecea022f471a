/** What a provider does not show within its lag proves nothing, however late its answer comes. */
import { describe, expect, test } from 'vitest';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import type { MailgunClient } from '@leadwire/shared/providers/mailgun';
import type { MobizonClient } from '@leadwire/shared/providers/mobizon/messages';
import type { Composer } from '../src/compose.ts';
import { createMailgunSender } from '../src/mail-senders.ts';
import { createSmsChannel } from '../src/sms.ts';

const TRIED_AT = Date.parse('2026-11-20T09:00:00.000Z');
const LAG_MS = 120_000;

const entry = (channel: 'sms' | 'email', request: unknown): LedgerEntry => ({
  deliveryId: '0b9c1a52-6f0e-4a0e-9d51-5a3b8a1f0004',
  leadId: '0b9c1a52-6f0e-4a0e-9d51-5a3b8a1f0003',
  channel,
  template: 'proftest-result',
  state: 'sending',
  dueAt: new Date(TRIED_AT).toISOString(),
  lastClaimAt: new Date(TRIED_AT).toISOString(),
  attempts: 1,
  request,
});

/** Asked a second before the lag is over; the answer takes ten. */
function lateClock() {
  let now = TRIED_AT + LAG_MS - 1_000;
  return {
    now: () => now,
    nothing: <Answer>(answer: Answer) => {
      now += 10_000;
      return Promise.resolve(answer);
    },
  };
}

describe('a lost answer is looked up', () => {
  test('at Mobizon', async () => {
    const clock = lateClock();
    const mobizon: Pick<MobizonClient, 'find'> = { find: () => clock.nothing(undefined) };
    const channel = createSmsChannel({
      mobizon: mobizon as MobizonClient,
      composer: {} as Composer,
      from: undefined,
      refusal: () => undefined,
      listingLagMs: LAG_MS,
      watch: (sender) => sender,
      now: clock.now,
    });
    const sms = entry('sms', { recipient: '77000000001', text: 'Здравствуйте!' });
    const sender = await channel.sender(sms);
    expect(await sender.reconcile(sms)).toEqual({ kind: 'too_early', retryAfterMs: 1_000 });
    expect(await sender.reconcile(sms)).toEqual({ kind: 'not_sent' });
  });

  test('at Mailgun', async () => {
    const clock = lateClock();
    const mailgun = {
      find: () => clock.nothing({ kind: 'not_found' }),
    } as unknown as MailgunClient;
    const sender = createMailgunSender({
      mailgun,
      from: 'hello@leadwire-sample.kz',
      linkFor: () => Promise.reject(new Error('no link is asked for')),
      eventsLagMs: LAG_MS,
      now: clock.now,
    });
    const mail = entry('email', {
      from: 'hello@leadwire-sample.kz',
      to: 'person@mail.leadwire-sample.kz',
      subject: 'Тест',
      html: '<p>Тест</p>',
      text: 'Тест',
      tags: [],
    });
    expect(await sender.reconcile(mail)).toEqual({ kind: 'too_early', retryAfterMs: 1_000 });
    expect(await sender.reconcile(mail)).toEqual({ kind: 'not_sent' });
  });
});
