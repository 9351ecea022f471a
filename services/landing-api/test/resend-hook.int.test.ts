import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { startNats } from '@leadwire/testing/nats';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { eventSchemas } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import { readStream } from '@leadwire/shared/broker/read-stream';
import type { StreamName } from '@leadwire/shared/contract/streams';
import { subjects } from '@leadwire/shared/contract/topology';
import { answerOf, startApi, type Answer, type TestApi } from './start-api.ts';

const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`;
const SECRET = newSecret();

let broker: TestBroker;
let api: TestApi;

beforeAll(async () => {
  broker = await startNats();
  api = await startApi(broker, { env: { RESEND_WEBHOOK_SECRET: SECRET } });
});
afterAll(async () => {
  await api?.stop();
  await broker?.close();
});

interface MailEvent {
  type: string;
  tags?: Record<string, string>;
  at?: string;
  to?: string;
  more?: Record<string, unknown>;
}

interface Sending {
  url?: string;
  id?: string;
  secrets?: string[];
  signedAt?: Date;
  /** What is sent instead of what was signed. */
  body?: string;
}

/** Tells an event of a mail the way Resend does. */
function tell(event: MailEvent, sending: Sending = {}): Promise<Answer> {
  const { type, tags, at = new Date().toISOString(), to = 'dana@mail.leadwire-sample.kz' } = event;
  const {
    url = api.url,
    id = `msg_${newId()}`,
    secrets = [SECRET],
    signedAt = new Date(),
  } = sending;
  const data = { email_id: newId(), from: 'hello@leadwire.kz', to: [to], subject: 'Привет', tags };
  const body = JSON.stringify({ type, created_at: at, data: { ...data, ...event.more } });
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, signedAt, body));
  return answerOf(
    fetch(`${url}/api/webhooks/resend`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'svix-id': id,
        'svix-timestamp': String(Math.floor(signedAt.getTime() / 1_000)),
        'svix-signature': signatures.join(' '),
      },
      body: sending.body ?? body,
    }),
  );
}

const leadTags = () => ({ template: 'proftest-result', delivery_id: newId(), lead_id: newId() });
const campaignTags = () => ({ delivery_id: newId(), campaign_id: newId() });

async function eventsUnder(stream: StreamName, subject: string): Promise<unknown[]> {
  const found: unknown[] = [];
  for await (const { json } of readStream(api.bus, stream, { subject })) found.push(json);
  return found;
}

const suppressions = () => eventsUnder('CONTACTS', subjects.contactSuppressed('*'));

describe('POST /api/webhooks/resend', () => {
  test('what becomes of a lead’s mail becomes a fact about its delivery', async () => {
    const tags = leadTags();
    const at = '2026-11-20T10:00:00.000Z';
    expect((await tell({ type: 'email.delivered', tags, at })).status).toBe(200);
    const subject = subjects.delivery('email', 'delivered', tags.delivery_id);
    const [event] = await eventsUnder('DELIVERIES', subject);
    expect(eventSchemas['delivery.recorded.v1'].parse(event).data).toEqual({
      deliveryId: tags.delivery_id,
      leadId: tags.lead_id,
      template: tags.template,
      channel: 'email',
      outcome: 'delivered',
      at,
    });
  });

  test.each([
    ['email.delivered', 'delivered'],
    ['email.opened', 'opened'],
    ['email.clicked', 'clicked'],
    ['email.complained', 'complained'],
    ['email.failed', 'bounced'],
    ['email.suppressed', 'bounced'],
  ])('%s of a campaign’s copy is told as %s', async (type, outcome) => {
    const tags = campaignTags();
    expect((await tell({ type, tags })).status).toBe(200);
    const subject = subjects.campaignDelivery('email', '*', tags.delivery_id);
    const [event, ...others] = await eventsUnder('DELIVERIES', subject);
    expect(eventSchemas['campaign.delivery_recorded.v1'].parse(event).data).toMatchObject({
      recipientId: tags.delivery_id,
      campaignId: tags.campaign_id,
      channel: 'email',
      outcome,
    });
    expect(others).toEqual([]);
  });

  test('a hard bounce suppresses the address, a soft one does not', async () => {
    const before = (await suppressions()).length;
    const soft = { bounce: { type: 'Transient', subType: 'MailboxFull', message: 'full' } };
    await tell({ type: 'email.bounced', tags: campaignTags(), more: soft });
    expect(await suppressions()).toHaveLength(before);

    const tags = campaignTags();
    const hard = { bounce: { type: 'Permanent', subType: 'General', message: 'no such user' } };
    await tell({ type: 'email.bounced', tags, more: hard });
    // A campaign's recipient is known by id: no address travels.
    const ofCampaign = (await suppressions()).at(-1);
    expect(eventSchemas['contact.suppressed.v1'].parse(ofCampaign).data).toEqual({
      recipientId: tags.delivery_id,
      reason: 'bounced',
      source: 'resend',
      at: expect.any(String),
    });
    expect(JSON.stringify(ofCampaign)).not.toContain('dana@');

    const to = 'Дана <Dana.K@Mail.Leadwire-Sample.kz>';
    await tell({ type: 'email.complained', tags: leadTags(), to });
    const ofLead = (await suppressions()).at(-1);
    expect(eventSchemas['contact.suppressed.v1'].parse(ofLead).data).toMatchObject({
      channel: 'email',
      contact: 'dana.k@mail.leadwire-sample.kz',
      reason: 'complained',
    });
  });

  test('an event that is told again is one fact', async () => {
    const tags = campaignTags();
    const id = `msg_${newId()}`;
    const before = (await suppressions()).length;
    const event = { type: 'email.complained', tags, at: '2026-11-20T10:00:00.000Z' };
    for (let n = 0; n < 3; n += 1) {
      expect((await tell(event, { id })).status).toBe(200);
    }
    const subject = subjects.campaignDelivery('email', 'complained', tags.delivery_id);
    expect(await eventsUnder('DELIVERIES', subject)).toHaveLength(1);
    expect(await suppressions()).toHaveLength(before + 1);
  });

  test('types that say nothing new and mails that are not ours are answered 200 and leave nothing', async () => {
    const tags = campaignTags();
    for (const type of ['email.sent', 'email.delivery_delayed', 'contact.created', 'sms.sent']) {
      expect((await tell({ type, tags })).status).toBe(200);
    }
    expect((await tell({ type: 'email.delivered' })).status).toBe(200);
    expect((await tell({ type: 'email.delivered', tags: { delivery_id: 'x' } })).status).toBe(200);
    const subject = subjects.campaignDelivery('email', '*', tags.delivery_id);
    expect(await eventsUnder('DELIVERIES', subject)).toEqual([]);
  });

  test('webhooks do not count against the rate limit of visitors', async () => {
    const busy = await startApi(broker, {
      env: { RESEND_WEBHOOK_SECRET: SECRET, RATE_LIMIT_PER_MINUTE: '10' },
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        tell({ type: 'email.opened', tags: campaignTags() }, { url: busy.url }),
      ),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await busy.stop();
  });

  test('two signatures, as during a rotation, are taken when one of them fits', async () => {
    const event = { type: 'email.opened', tags: campaignTags() };
    expect((await tell(event, { secrets: [newSecret(), SECRET] })).status).toBe(200);
  });

  test.each([
    ['a wrong signature', { secrets: [newSecret()] }],
    ['a stale one', { signedAt: new Date(Date.now() - 6 * 60_000) }],
    ['one from the future', { signedAt: new Date(Date.now() + 6 * 60_000) }],
    ['none', { secrets: [] }],
    ['one over another body', { body: '{"type":"email.complained"}' }],
  ])('%s is refused', async (_what, sending) => {
    const answer = await tell({ type: 'email.delivered', tags: campaignTags() }, sending);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ success: false });
  });

  test('without its secret the address is not there', async () => {
    const other = await startApi(broker);
    const answer = await other.post('/api/webhooks/resend', {});
    expect(answer.status).toBe(404);
    await other.stop();
  });
});
