import { describe, expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { mail, openReceiver, openSandbox, resend, type Received } from './sandbox-calls.ts';

const SECRET = `whsec_${Buffer.from('a secret of the tests').toString('base64')}`;
const NEW_SECRET = `whsec_${Buffer.from('another secret of the tests').toString('base64')}`;

type Event = { type: string; data: { email_id: string; tags?: Record<string, string> } };

/** Verifies as a receiver does; throws when the signature does not fit. */
function verify({ headers, body }: Received, secret = SECRET): Event {
  return new Webhook(secret).verify(body, {
    'webhook-id': String(headers['svix-id']),
    'webhook-timestamp': String(headers['svix-timestamp']),
    'webhook-signature': String(headers['svix-signature']),
  }) as Event;
}
const typeOf = ({ body }: Received) => (JSON.parse(body) as Event).type;

async function openWithHook(
  hook: { secrets?: string[]; trouble?: Record<string, unknown>; events?: string[] } = {},
  statuses: number[] = [],
) {
  const receiver = await openReceiver(statuses);
  const webhooks = [{ url: receiver.url, secrets: [SECRET], ...hook }];
  const sandbox = await openSandbox({ resend: { webhooks } });
  return { sandbox, received: receiver.received };
}

describe('Resend tells what became of a mail', () => {
  test('signed so that standardwebhooks accepts it, tags as an object', async () => {
    const { sandbox, received } = await openWithHook();
    const { body } = await resend(
      sandbox,
      'POST',
      '/emails',
      mail({ tags: [{ name: 'kind', value: 'proftest' }] }),
    );
    await sandbox.control.advance(1_000);
    expect(received.map((each) => verify(each).type)).toEqual(['email.sent', 'email.delivered']);
    expect(received.map((each) => verify(each).data)).toEqual([
      expect.objectContaining({ email_id: body.id, tags: { kind: 'proftest' } }),
      expect.objectContaining({ email_id: body.id }),
    ]);
  });

  test('a bounce and a complaint with their details', async () => {
    const { sandbox, received } = await openWithHook({
      events: ['email.bounced', 'email.complained'],
    });
    await resend(sandbox, 'POST', '/emails', mail({ to: 'bounced@resend.dev' }));
    await resend(sandbox, 'POST', '/emails', mail({ to: 'complained+a@resend.dev' }));
    await sandbox.control.advance(1_000);
    expect(received.map((each) => verify(each))).toEqual([
      expect.objectContaining({
        type: 'email.bounced',
        data: expect.objectContaining({ bounce: expect.anything() }),
      }),
      expect.objectContaining({ type: 'email.complained' }),
    ]);
    expect((await sandbox.control.resend.suppressions()).map(({ reason }) => reason)).toEqual([
      'bounced',
      'complained',
    ]);
  });

  test('opened and clicked when a person does so', async () => {
    const { sandbox, received } = await openWithHook({ events: ['email.clicked'] });
    const { body } = await resend(sandbox, 'POST', '/emails', mail());
    await sandbox.control.resend.emailEvent(body.id, 'clicked', {
      click: { link: 'https://leadwire.kz' },
    });
    await sandbox.control.advance(0);
    expect(received.map(typeOf)).toEqual(['email.clicked']);
  });

  test('again after 5 s, 5 min and 30 min while the receiver fails, with the same svix-id', async () => {
    const { sandbox, received } = await openWithHook({ events: ['email.sent'] }, [500, 204, 503]);
    await resend(sandbox, 'POST', '/emails', mail());
    const counts: number[] = [];
    for (const ms of [200, 4_900, 100, 300_000, 1_800_000, 36_000_000]) {
      await sandbox.control.advance(ms);
      counts.push(received.length);
    }
    expect(counts).toEqual([1, 1, 2, 3, 4, 4]);
    expect(new Set(received.map(({ headers }) => headers['svix-id'])).size).toBe(1);
    const attempts = await sandbox.control.webhooks('resend');
    expect(attempts.map(({ status }) => status)).toEqual([500, 204, 503, 200]);
  });
});

describe('a troubled endpoint', () => {
  test('gets duplicates under one svix-id', async () => {
    const { sandbox, received } = await openWithHook({
      events: ['email.sent'],
      trouble: { duplicates: 2 },
    });
    await resend(sandbox, 'POST', '/emails', mail());
    await sandbox.control.advance(1_000);
    expect(received).toHaveLength(3);
    expect(new Set(received.map(({ headers }) => headers['svix-id'])).size).toBe(1);
  });

  test('hears of the delivery before the sending', async () => {
    const { sandbox, received } = await openWithHook({ trouble: { reorder: true } });
    await resend(sandbox, 'POST', '/emails', mail());
    await sandbox.control.advance(2_000);
    expect(received.map(typeOf)).toEqual(['email.delivered', 'email.sent']);
  });

  test.each(['wrong', 'stale', 'forged'])(
    'gets a %s signature, which a receiver refuses',
    async (signature) => {
      const { sandbox, received } = await openWithHook({
        events: ['email.sent'],
        trouble: { signature },
      });
      await resend(sandbox, 'POST', '/emails', mail());
      await sandbox.control.advance(1_000);
      expect(received).toHaveLength(1);
      expect(() => received.map((each) => verify(each))).toThrow();
    },
  );

  test('is signed with both secrets during a rotation', async () => {
    const { sandbox, received } = await openWithHook({
      events: ['email.sent'],
      secrets: [SECRET, NEW_SECRET],
    });
    await resend(sandbox, 'POST', '/emails', mail());
    await sandbox.control.advance(1_000);
    expect(received.map((each) => verify(each, NEW_SECRET).type)).toEqual(['email.sent']);
    expect(received.map((each) => verify(each, SECRET).type)).toEqual(['email.sent']);
  });

  test('gets nothing while everything is dropped', async () => {
    const { sandbox, received } = await openWithHook({ trouble: { drop: true } });
    await resend(sandbox, 'POST', '/emails', mail());
    await sandbox.control.advance(3_600_000);
    expect(received).toEqual([]);
  });
});

test('a replay brings a delivered message again under its old id', async () => {
  const { sandbox, received } = await openWithHook({ events: ['email.sent'] });
  await resend(sandbox, 'POST', '/emails', mail());
  await sandbox.control.advance(1_000);
  await sandbox.control.replayWebhook(String(received[0]?.headers['svix-id']));
  await sandbox.control.advance(1_000);
  expect(received.map(({ headers }) => headers['svix-id'])).toEqual(
    Array.from({ length: 2 }, () => received[0]?.headers['svix-id']),
  );
});
