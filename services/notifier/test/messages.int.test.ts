import { createClient } from '@supabase/supabase-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeEvent } from '@leadwire/shared/contract/events';
import { newId } from '@leadwire/shared/contract/ids';
import type { PlatformMessage } from '@leadwire/shared/contract/messages';
import { streams, subjects } from '@leadwire/shared/contract/topology';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import { createSecretLinks } from '@leadwire/shared/delivery/secret-links';
import { readStream } from '@leadwire/shared/broker/read-stream';
import { TRIPWIRE_MIGRATIONS } from '@leadwire/supabase-local/migrations';
import { startDatabaseProcess } from '@leadwire/testing/database-process';
import { waitFor } from '@leadwire/testing/wait-for';
import { useRig } from './rig.ts';

const { bus, control, startNotifier, nothingIsLeft } = useRig();
const LINK = 'https://learn.leadwire-sample.kz/set?token=one-time-4711&next=/first';

function someMessage(more: Partial<PlatformMessage> = {}): PlatformMessage {
  const at = new Date().toISOString();
  return {
    messageId: newId(),
    type: 'welcome',
    to: { name: 'Дамир', email: `damir.${newId()}@mail.leadwire-sample.kz`, phone: null },
    contactIssues: [],
    data: {},
    link: 'given',
    sendAt: at,
    receivedAt: at,
    contentHash: 'a'.repeat(64),
    ...more,
  };
}

const links = () => createSecretLinks(bus());

async function publish(message: PlatformMessage, link?: string): Promise<void> {
  if (link !== undefined) await links().keep(message.messageId, link);
  const subject = subjects.messageRequested(message.type, message.messageId);
  const made = { source: 'test', subject: message.messageId, data: message };
  await bus().publish(subject, makeEvent('message.requested.v1', made));
}

const ended = ({ messageId }: PlatformMessage, count: number) =>
  waitFor(
    async () => {
      const entries = await createLedger(bus()).ofLead(messageId);
      return entries.length === count && entries.every(({ settledAt }) => settledAt)
        ? entries.map(({ channel, template, state, reason }) =>
            [channel, template, state, reason].filter(Boolean).join(' '),
          )
        : undefined;
    },
    { timeoutMs: 20_000, what: 'the end of its deliveries' },
  );

/** All that the broker holds, as text. */
async function everything(): Promise<string> {
  const texts: string[] = [];
  const buckets = ['KV_deliveries', 'KV_message_links', 'KV_short_links'];
  for (const stream of [...Object.keys(streams), ...buckets]) {
    for await (const { data } of readStream(bus(), stream, {})) {
      texts.push(Buffer.from(data).toString('utf8'));
    }
  }
  return texts.join('\n');
}

describe('a message with a one-time link', () => {
  test('is one mail with the link, which is nowhere afterwards: no stream, no bucket, no log', async () => {
    const { logs } = await startNotifier();
    const message = someMessage();
    await publish(message, LINK);
    expect(await ended(message, 1)).toEqual(['email welcome sent']);
    const [mail, ...others] = await control().mails(message.to.email ?? '');
    expect(others).toEqual([]);
    expect(mail?.text).toContain(LINK);
    expect(mail?.html).toContain(`href="${LINK.replace('&', '&amp;')}"`);
    expect(mail?.tags).toContainEqual({ name: 'message_id', value: message.messageId });
    await nothingIsLeft();
    await waitFor(async () => (await links().find(message.messageId)) === undefined);
    expect(await everything()).not.toContain('one-time-4711');
    expect(JSON.stringify(logs)).not.toContain('one-time-4711');
  });

  test('that is refused for good leaves no link in its dead letter either', async () => {
    await startNotifier();
    const message = someMessage();
    message.to.email = 'damir@example.com';
    await publish(message, LINK);
    expect(await ended(message, 1)).toEqual(['email welcome failed validation_error']);
    await nothingIsLeft();
    const dead = await bus().lastUnder('DEAD_LETTERS', 'dead.notifier-email.>');
    expect(JSON.stringify(dead?.event)).toContain(message.messageId);
    expect(await everything()).not.toContain('one-time-4711');
  });

  test('whose link is gone fails with that reason', async () => {
    await startNotifier();
    const message = someMessage();
    await publish(message);
    expect(await ended(message, 1)).toEqual(['email welcome failed link_gone']);
  });

  test('that was accepted before its answer was lost is repeated with the same link', async () => {
    await control().addFault({
      provider: 'resend',
      path: '/emails',
      count: 1,
      action: { do: 'effect-then-drop' },
    });
    await startNotifier();
    const message = someMessage();
    await publish(message, LINK);
    expect(await ended(message, 1)).toEqual(['email welcome sent']);
    expect(await control().mails(message.to.email ?? '')).toHaveLength(1);
  });
});

describe('a welcome whose link Supabase Auth makes', () => {
  const keys = {
    serviceKey: 'sb_secret_test_0123456789abcdef',
    publishableKey: 'sb_publishable_test_0123456789abcdef',
  };
  const stateless = { auth: { persistSession: false, autoRefreshToken: false } };

  test('opens the account to who has the mail, though the mail was tried twice; known or new', async () => {
    const siteUrl = 'https://learn.leadwire-sample.kz';
    const project = await startDatabaseProcess({
      ...keys,
      siteUrl,
      migrationsDir: TRIPWIRE_MIGRATIONS,
    });
    onTestFinished(() => project.close());
    const { auth } = createClient(project.url, keys.serviceKey, stateless);
    const { logs } = await startNotifier({
      WELCOME_LINK: 'supabase',
      TRIPWIRE_SUPABASE_URL: project.url,
      TRIPWIRE_SERVICE_ROLE_KEY: keys.serviceKey,
    });
    const [fresh, known] = [someMessage({ link: 'supabase' }), someMessage({ link: 'supabase' })];
    await auth.admin.createUser({ email: known.to.email ?? '', email_confirm: true });

    for (const [message, type] of [
      [fresh, 'invite'],
      [known, 'recovery'],
    ] as const) {
      await control().addFault({
        provider: 'resend',
        path: '/emails',
        count: 1,
        action: { do: 'effect-then-drop' },
      });
      await publish(message);
      expect(await ended(message, 1)).toEqual(['email welcome sent']);
      const [mail, ...others] = await control().mails(message.to.email ?? '');
      expect(others).toEqual([]);
      const [, href = ''] = /href="([^"]+verify[^"]+)"/.exec(mail?.html ?? '') ?? [];
      const link = new URL(href.replaceAll('&amp;', '&'));
      expect([link.origin, link.searchParams.get('type')]).toEqual([siteUrl, type]);

      const token = link.searchParams.get('token') ?? '';
      const visitor = createClient(project.url, keys.publishableKey, stateless);
      const came = await visitor.auth.verifyOtp({ token_hash: token, type });
      expect(came.data.user?.email).toBe(message.to.email);
      expect((await visitor.auth.verifyOtp({ token_hash: token, type })).error).not.toBeNull();
      await nothingIsLeft();
      await waitFor(async () => (await links().find(message.messageId)) === undefined);
      expect(await everything()).not.toContain(token);
      expect(JSON.stringify(logs)).not.toContain(token);
    }
  });
});

test('each type goes to whom it is for, by the ways that were given, once', async () => {
  await startNotifier();
  const at = '2026-11-27T14:05:00.000Z';
  const { link: _none, ...plain } = someMessage();
  const [oldEmail, newEmail] = [
    `old.${newId()}@leadwire-sample.kz`,
    `new.${newId()}@leadwire-sample.kz`,
  ];
  const changed = {
    ...plain,
    messageId: newId(),
    type: 'email_changed' as const,
    to: { name: 'Дамир', email: null, phone: '+77051230001' },
    data: { oldEmail, newEmail, changedAt: at },
  };
  const certificate = {
    ...someMessage({ type: 'certificate_issued' }),
    data: { course: 'Аналитика данных', number: 'LW-1', issuedAt: at },
  };
  certificate.to.phone = '12345';
  certificate.contactIssues = ['phone_invalid'];
  const password = {
    ...plain,
    messageId: newId(),
    type: 'password_changed' as const,
    data: { changedAt: at },
  };

  await publish(changed);
  await publish(changed);
  await publish(certificate, 'https://learn.leadwire-sample.kz/c/1');
  await publish(password);

  expect(await ended(changed, 3)).toEqual([
    'email email-changed sent',
    'email email-changed-old sent',
    'sms email-changed sent',
  ]);
  expect(await ended(certificate, 2)).toEqual([
    'email certificate-issued sent',
    'sms certificate-issued skipped phone_invalid',
  ]);
  expect(await ended(password, 1)).toEqual(['email password-changed sent']);
  const [toOld, toNew] = [await control().mails(oldEmail), await control().mails(newEmail)];
  expect([toOld.length, toNew.length]).toEqual([1, 1]);
  expect(toOld[0]?.text).toContain('Войти с этим адресом больше нельзя');
  expect(await control().sms('77051230001')).toHaveLength(1);
  const [diploma] = await control().mails(certificate.to.email ?? '');
  expect(diploma?.text).toContain('https://learn.leadwire-sample.kz/c/1');
});

test('words that somebody wrote are sent from the first message on, through a slip, until they are taken back', async () => {
  const words = await bus().bucket('message_texts');
  const block = (text: string) => ({ type: 'text', text });
  const write = (version: number, blocks: object[]) => {
    const mail = { subject: 'Доступ открыт', preheader: '', blocks };
    return words.put('welcome', JSON.stringify({ version, content: { mail, sms: null } }));
  };
  const button = { type: 'button', text: 'Придумать пароль', url: '{{ link }}' };
  const mailed = async () => {
    const message = someMessage();
    await publish(message, LINK);
    expect(await ended(message, 1)).toEqual(['email welcome sent']);
    const [mail, ...others] = await control().mails(message.to.email ?? '');
    expect(others).toEqual([]);
    return mail;
  };

  await write(1, [block('Здравствуйте, {{ name }}! Мы рады.'), button]);
  const { logs } = await startNotifier({ BRAND_NAME: 'Школа' });
  const first = await mailed();
  expect(first?.subject).toBe('Доступ открыт');
  expect(first?.text).toContain(`Здравствуйте, Дамир! Мы рады.\n\nПридумать пароль:\n${LINK}`);
  expect(first?.html).toContain(`href="${LINK.replace('&', '&amp;')}"`);

  const said = (what: string) => waitFor(() => JSON.stringify(logs).includes(what), { what });
  await write(2, [block('Здравствуйте, {{ city }}!')]);
  await said('cannot be used');
  expect((await mailed())?.text).toContain('Мы рады.');

  await words.delete('welcome');
  await said('the built-in words hold again');
  expect((await mailed())?.text).toContain('Осталось придумать пароль');
});

test('what is due later waits', async () => {
  await startNotifier();
  const sendAt = new Date(Date.now() + 2_000).toISOString();
  const message = someMessage({ sendAt });
  await publish(message, LINK);
  expect(await ended(message, 1)).toEqual(['email welcome sent']);
  const [mail] = await control().mails(message.to.email ?? '');
  expect(Date.parse(mail?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(sendAt));
});
