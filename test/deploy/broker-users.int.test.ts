/** Each user of deploy/nats.conf, tried against what it must not do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type NatsConnection } from 'nats';
import { createAskStream } from '@leadwire/shared/broker/ask-stream';
import { brokerAddress } from '@leadwire/shared/broker/address';
import { buckets, streams } from '@leadwire/shared/contract/topology';
import { READS, WRITES } from './broker-rights.ts';
import {
  USERS,
  startConfiguredBroker,
  type ConfiguredBroker,
  type User,
} from './configured-broker.ts';

let broker: ConfiguredBroker;
/** A refusal comes at once; on a busy machine a little later. */
const PATIENCE = { timeout: 20_000 };
const urlOf = (user: User) => broker.urlOf(user);

beforeAll(async () => {
  broker = await startConfiguredBroker();
}, 60_000);
afterAll(() => broker.close());

describe('a user of the broker', () => {
  const message = JSON.stringify({ seq: 1 });
  const cases: [User, string, string][] = [
    ['landing-api', 'read dead letters', '$JS.API.STREAM.MSG.GET.DEAD_LETTERS'],
    ['landing-api', 'read dead letters the other way', '$JS.API.DIRECT.GET.DEAD_LETTERS'],
    ['landing-api', 'read students from end to end', '$JS.API.STREAM.MSG.GET.STUDENTS'],
    ['landing-api', 'read students in batches', '$JS.API.DIRECT.GET.STUDENTS'],
    ['landing-api', 'read who wants no mail', '$JS.API.STREAM.MSG.GET.CONTACTS'],
    ['landing-api', 'read what people were told', '$JS.API.STREAM.MSG.GET.MESSAGES'],
    ['landing-api', 'read the ledger from end to end', '$JS.API.STREAM.MSG.GET.KV_deliveries'],
    ['landing-api', 'read other counts', '$JS.API.DIRECT.GET.KV_limits.$KV.limits.resend'],
    ['landing-api', 'make itself a token', '$KV.access_tokens.all'],
    ['landing-api', 'start a campaign', 'campaigns.batch.00000000.1'],
    ['landing-api', 'let held leads out', 'leads.released.proftest.00000000'],
    ['landing-api', 'write into the audit log', 'audit.lead.released.00000000'],
    ['landing-api', 'purge LEADS', '$JS.API.STREAM.PURGE.LEADS'],
    ['landing-api', 'delete a lead', '$JS.API.STREAM.MSG.DELETE.LEADS'],
    ['landing-api', 'consume LEADS', '$JS.API.CONSUMER.CREATE.LEADS.mine.leads.>'],
    ['landing-api', 'write the ledger', '$KV.deliveries.a.email.b'],
    ['landing-api', 'have something sent', 'notify.due.email.00000000'],
    ['landing-api', 'say that something was sent', 'deliveries.email.sent.00000000'],
    ['notifier', 'publish leads', 'leads.created.proftest.00000000'],
    ['notifier', 'take the work of lead-store', '$JS.API.CONSUMER.MSG.NEXT.LEADS.lead-store-leads'],
    ['notifier', 'settle the work of lead-store', '$JS.ACK.LEADS.lead-store-leads.1.1.1.1.1'],
    ['notifier', 'change a stream', '$JS.API.STREAM.UPDATE.NOTIFICATIONS'],
    ['notifier', 'redrive', 'redrive.notifier-plan.1-1.leads.created.proftest.0'],
    ['lead-store', 'publish leads', 'leads.created.proftest.00000000'],
    ['lead-store', 'have something sent', 'notify.at.email.00000000'],
    ['lead-store', 'write the ledger', '$KV.deliveries.a.email.b'],
    ['crm-sync', 'have something sent', 'notify.at.email.00000000'],
    ['crm-sync', 'write the ledger', '$KV.deliveries.a.email.b'],
    ['mailer-batch', 'have something sent', 'notify.at.email.00000000'],
    ['mailer-batch', 'write the ledger', '$KV.deliveries.a.email.b'],
    ['telegram-relay', 'publish leads', 'leads.created.proftest.00000000'],
    ['telegram-relay', 'write the ledger of mails', '$KV.deliveries.a.email.b'],
    ['telegram-relay', 'say that a mail was sent', 'deliveries.email.sent.00000000'],
    ['identity-sync', 'say who works here', 'staff.changed.00000000'],
    ['lead-store', 'change a group', '$KV.telegram_groups.a'],
    ['lead-store', 'delete a stream', '$JS.API.STREAM.DELETE.DELIVERIES'],
    ['referrals', 'record a sale', 'sales.recorded.00000000.00000000'],
    ['referrals', 'have something else sent', 'messages.requested.welcome.00000000'],
    ['console', 'make itself a token', '$KV.access_tokens.all'],
    ['console', 'publish leads', 'leads.created.proftest.00000000'],
    ['console', 'record a sale', 'sales.recorded.00000000.00000000'],
    ['mailer-batch', 'read leads', '$JS.API.STREAM.MSG.GET.LEADS'],
  ];
  /** What would change the broker itself, or copy a stream: admin's alone, whatever it is about. */
  const ofAdmin = (stream: string) => [
    ...['CREATE', 'UPDATE', 'DELETE', 'PURGE', 'SNAPSHOT', 'RESTORE'].map(
      (what) => `$JS.API.STREAM.${what}.${stream}`,
    ),
    `$JS.API.CONSUMER.CREATE.${stream}.mine.>`,
    `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.mine`,
    `$JS.API.CONSUMER.DELETE.${stream}.notifier-plan`,
    `$JS.FC.${stream}.mine.1`,
  ];
  const connections = new Map<User, NatsConnection>();
  beforeAll(async () => {
    for (const user of USERS) connections.set(user, await connect(brokerAddress(urlOf(user))));
  });
  afterAll(() => Promise.all([...connections.values()].map((each) => each.close())));

  test.each(cases)('%s cannot %s', async (user, _what, subject) => {
    const refused = await connections
      .get(user)!
      .request(subject, message, PATIENCE)
      .then(() => 'done', String);
    expect(refused).toContain('Permissions Violation for Publish');
  });

  test('hears of a publish that is not its own at once, and the others of theirs', async () => {
    const ask = createAskStream(connections.get('notifier')!);
    const publish = (subject: string) => ask({ subject, payload: message, headers: {} }, 20_000);
    const other = publish('deliveries.email.sent.00000000').then(() => 'done', String);
    await expect(publish('leads.created.proftest.00000000')).rejects.toThrow('does not allow');
    expect(await other).not.toContain('does not allow');
  });

  test.each(USERS.slice(1))(
    '%s cannot change, copy or empty any stream or bucket',
    async (user) => {
      const all = [...Object.keys(streams), ...Object.keys(buckets).map((name) => `KV_${name}`)];
      const allowed: string[] = [];
      for (const subject of all.flatMap(ofAdmin)) {
        const answer = await connections
          .get(user)!
          .request(subject, message, PATIENCE)
          .then(() => 'done', String);
        if (!answer.includes('Permissions Violation for Publish'))
          allowed.push(`${subject}: ${answer}`);
      }
      expect(allowed).toEqual([]);
    },
  );

  test('reads and writes whole buckets and streams as the table says, and no others', async () => {
    const may = async (user: User, subject: string) => {
      const answer = await connections
        .get(user)!
        .request(subject, message, PATIENCE)
        .then(() => 'done', String);
      return !answer.includes('Permissions Violation for Publish');
    };
    const whoMay = async (...subjects: string[]) => {
      const found = await Promise.all(
        USERS.slice(1).map(async (user) => {
          const each = await Promise.all(subjects.map((subject) => may(user, subject)));
          return each.includes(true) ? [user] : [];
        }),
      );
      return found.flat().sort().join(' ');
    };
    const sorted = (table: Readonly<Record<string, string>>) =>
      Object.fromEntries(
        Object.entries(table).map(([name, users]) => [name, users.split(' ').sort().join(' ')]),
      );
    const [writes, reads] = [new Map<string, string>(), new Map<string, string>()];
    const read = (stream: string) => [
      `$JS.API.STREAM.MSG.GET.${stream}`,
      `$JS.API.DIRECT.GET.${stream}`,
    ];
    for (const bucket of Object.keys(buckets)) {
      writes.set(bucket, await whoMay(`$KV.${bucket}.probe.sms.x`));
      reads.set(bucket, await whoMay(...read(`KV_${bucket}`)));
    }
    for (const stream of Object.keys(streams)) reads.set(stream, await whoMay(...read(stream)));
    expect(Object.fromEntries(writes)).toEqual(sorted(WRITES));
    expect(Object.fromEntries([...reads].filter(([, users]) => users !== ''))).toEqual(
      sorted(READS),
    );
  });

  test.each(USERS.slice(1))('%s cannot listen to anything but its own answers', async (user) => {
    // The console hears that something has changed, and looks at the database then.
    const facts = user === 'console' ? [] : ['leads.>'];
    for (const subject of [...facts, '_INBOX.>', '_INBOX_admin.>', '$JS.EVENT.>', '>']) {
      const listening = connections.get(user)!.subscribe(subject);
      const reason = await listening.closed.then(String, String);
      const heard = await (async () => {
        for await (const each of listening) return each.subject;
        return 'nothing';
      })().catch(String);
      expect(`${reason} ${heard}`).toContain('Permissions Violation for Subscription');
    }
  });

  test('without a password is nobody', async () => {
    const nobody = await connect({ servers: `127.0.0.1:${broker.port}` }).then(
      () => 'connected',
      String,
    );
    expect(nobody).toMatch(/authorization.violation/i);
  });
});
