import { expect, test } from 'vitest';
import type { Alert } from '@leadwire/shared/contract/alert-facts';
import { createAlerts } from '@leadwire/shared/coordination/alerts';
import { createOutages } from '@leadwire/shared/coordination/outages';
import type { LedgerEntry } from '@leadwire/shared/delivery/ledger';
import { AmbiguousError, PermanentError, TransientError } from '@leadwire/shared/errors';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { createLog } from '@leadwire/shared/runtime/log';
import type { Sender } from '../src/channel.ts';
import { watchedBy } from '../src/outages.ts';
import { useRig } from './rig.ts';

const { bus } = useRig();
const ENTRY = {} as LedgerEntry;

/** A provider that does as it is told, watched by three processes; `call` is one request through one of them. */
function watched(name: string, clock: () => number) {
  let answer: Error | undefined;
  const sender: Sender = {
    name,
    turn: () => Promise.reject(new Error('nobody waits for a turn here')),
    send: () => (answer ? Promise.reject(answer) : Promise.resolve('id')),
    reconcile: () => Promise.resolve({ kind: 'not_sent' }),
  };
  const alerts = createAlerts(bus(), clock);
  const log = createLog('test', 'silent');
  const processes = [1, 2, 3].map(() =>
    watchedBy(createOutages({ bus: bus(), alerts, log, now: clock }))(sender),
  );
  let calls = 0;
  return {
    answers: (error?: Error) => (answer = error),
    call: () => processes[(calls += 1) % 3]!.send(ENTRY).catch(() => undefined),
  };
}

async function told(): Promise<string[]> {
  const all: string[] = [];
  for await (const { json } of readStream(bus(), 'ALERTS', { subject: 'alerts.*.provider_down' })) {
    const { state = 'raised', message } = (json as { data: Alert }).data;
    all.push(`${state}: ${message}`);
  }
  return all;
}

test('an outage of more than a minute is told once, with what else is down, and once when all is well', async () => {
  let now = Date.parse('2026-03-01T10:00:00Z');
  const clock = () => now;
  const [mail, sms] = [watched('resend', clock), watched('mobizon', clock)];
  const down = new AmbiguousError('HTTP 500', { outage: true });
  const minute = async (...providers: ReturnType<typeof watched>[]) => {
    for (let call = 0; call < 6; call += 1) {
      for (const provider of providers) await provider.call();
      now += 10_500;
    }
  };

  // What is about one message, or only asks for patience, is none; nor are failures of a moment.
  mail.answers(new PermanentError('validation_error', 'no such address'));
  await minute(mail);
  mail.answers(new TransientError('429', { outage: true, retryAfterMs: 1_000 }));
  await minute(mail);
  mail.answers(down);
  await mail.call();
  mail.answers();
  await minute(mail, sms);
  expect(await told()).toEqual([]);

  mail.answers(down);
  await minute(mail);
  await minute(mail);
  expect(await told()).toHaveLength(1);
  expect((await told())[0]).toMatch(
    /^raised: Resend не принимает письма уже 1 мин\. Ничего не потеряно/,
  );

  sms.answers(down);
  await minute(mail, sms);
  await minute(mail, sms);
  expect(await told()).toHaveLength(2);
  expect((await told())[1]).toMatch(/Resend не принимает письма .*Mobizon не принимает SMS/);

  mail.answers();
  await minute(mail);
  expect(await told()).toHaveLength(2);
  sms.answers();
  await minute(mail, sms);
  expect(await told()).toHaveLength(3);
  expect((await told())[2]).toMatch(/^resolved: .*снова отвечает/);
});
