/** The bundled Auth, asked through supabase-js as a hosted one is, its mails read in the sandbox's inbox. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import type { EmailOtpType } from '@supabase/supabase-js';
import type { TestProject } from '@leadwire/testing/database-process';
import { startProject } from '../src/project.ts';
import {
  clientWith,
  landingOptions,
  PASSWORD,
  PUBLISHABLE_KEY,
  SERVICE_KEY,
  startLanding,
} from './people.ts';

let sandbox: Sandbox;
let landing: TestProject;
const admin = () => clientWith(landing, SERVICE_KEY).auth.admin;
const visitor = () => clientWith(landing).auth;

beforeAll(async () => {
  sandbox = await startSandbox({
    resend: { apiKeys: ['re_key'], verifiedDomains: ['leadwire.kz'], ratePerSecond: 50 },
  });
  landing = await startLanding({
    siteUrl: 'http://console.local',
    mail: { baseUrl: sandbox.resendUrl, apiKey: 're_key', from: 'Leadwire <hello@leadwire.kz>' },
  });
}, 120_000);
afterAll(async () => {
  await Promise.all([landing.close(), sandbox.close()]);
});

let email: string;
let userId: string;
beforeEach(async () => {
  email = `aida-${crypto.randomUUID().slice(0, 8)}@leadwire-sample.kz`;
  userId = crypto.randomUUID();
  const { error } = await admin().createUser({
    id: userId,
    email,
    password: PASSWORD,
    email_confirm: true,
    app_metadata: { role: 'sales' },
  });
  if (error) throw error;
});

/** The address behind the button of the newest mail. */
async function linkInMail(to: string): Promise<URL> {
  const mails = await sandbox.control.mails(to);
  const [, href = ''] = /href="([^"]+)"/.exec(mails.at(-1)?.html ?? '') ?? [];
  return new URL(href.replaceAll('&amp;', '&'));
}
const paramsOf = (link: URL) => ({
  token_hash: link.searchParams.get('token_hash') ?? '',
  type: link.searchParams.get('type') as EmailOtpType,
});

describe('signing in', () => {
  test('with a password gives a token with what hosted Supabase puts in', async () => {
    const client = visitor();
    const { data } = await client.signInWithPassword({
      email: email.toUpperCase(),
      password: PASSWORD,
    });
    const [, payload = ''] = data.session?.access_token.split('.') ?? [];
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      sub: userId,
      role: 'authenticated',
      email,
      aal: 'aal1',
      is_anonymous: false,
      app_metadata: { role: 'sales' },
      session_id: expect.any(String),
    });
    expect((await client.getUser()).data.user?.id).toBe(userId);
    const refreshed = await visitor().refreshSession({
      refresh_token: data.session?.refresh_token ?? '',
    });
    expect(refreshed.data.session?.user.id).toBe(userId);
  });

  test('with a wrong password and with an unknown address are one answer', async () => {
    const wrong = await visitor().signInWithPassword({ email, password: 'not the password' });
    const unknown = await visitor().signInWithPassword({ email: `x${email}`, password: PASSWORD });
    const refused = { status: 400, code: 'invalid_credentials' };
    expect(wrong.error).toMatchObject(refused);
    expect(unknown.error).toMatchObject(refused);
  });

  test('is not for people who were not invited', async () => {
    const { error } = await visitor().signUp({ email: `new-${email}`, password: PASSWORD });
    expect(error?.status).toBe(404);
    const admins = await clientWith(landing).auth.admin.listUsers();
    expect(admins.error).toMatchObject({ status: 403, code: 'not_admin' });
  });

  test('ends everywhere with a sign-out of all, and for a banned person at once', async () => {
    const first = visitor();
    await first.signInWithPassword({ email, password: PASSWORD });
    const second = visitor();
    const { data } = await second.signInWithPassword({ email, password: PASSWORD });
    expect((await first.signOut({ scope: 'global' })).error).toBeNull();
    const { refresh_token = '' } = data.session ?? {};
    expect((await visitor().refreshSession({ refresh_token })).error?.status).toBe(400);

    const again = await visitor().signInWithPassword({ email, password: PASSWORD });
    expect((await admin().updateUserById(userId, { ban_duration: '876000h' })).error).toBeNull();
    const late = { refresh_token: again.data.session?.refresh_token ?? '' };
    expect((await visitor().refreshSession(late)).error?.status).toBe(400);
    const banned = await visitor().signInWithPassword({ email, password: PASSWORD });
    expect(banned.error).toMatchObject({ status: 400, code: 'user_banned' });
    const { data: link } = await admin().generateLink({ type: 'recovery', email });
    const { hashed_token = '' } = link.properties ?? {};
    const opened = await visitor().verifyOtp({ token_hash: hashed_token, type: 'recovery' });
    expect(opened.error).toMatchObject({ status: 403, code: 'user_banned' });
    await admin().updateUserById(userId, { ban_duration: 'none' });
    expect((await visitor().signInWithPassword({ email, password: PASSWORD })).error).toBeNull();
  });

  test('goes on after a restart', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'supabase-local-'));
    try {
      const before = await startProject({ ...landingOptions, dataDir });
      await clientWith(before, SERVICE_KEY).auth.admin.createUser({
        email,
        password: PASSWORD,
        email_confirm: true,
      });
      const { data } = await clientWith(before).auth.signInWithPassword({
        email,
        password: PASSWORD,
      });
      await before.close();
      const after = await startProject({ ...landingOptions, dataDir });
      const known = await clientWith(after).auth.getUser(data.session?.access_token);
      await after.close();
      expect(known.data.user?.email).toBe(email);
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  }, 120_000);
});

describe('a forgotten password', () => {
  test('is replaced through a mail in Russian whose link works once and ends other sessions', async () => {
    const elsewhere = visitor();
    await elsewhere.signInWithPassword({ email, password: PASSWORD });
    expect((await visitor().resetPasswordForEmail(email)).error).toBeNull();
    const [mail] = await sandbox.control.mails(email);
    expect(mail).toMatchObject({ subject: 'Новый пароль для Leadwire' });
    const link = await linkInMail(email);
    expect(link.href).toMatch(
      /^http:\/\/console\.local\/auth\/confirm\?token_hash=\w+&type=recovery$/,
    );

    const client = visitor();
    expect((await client.verifyOtp(paramsOf(link))).data.user?.id).toBe(userId);
    const password = 'another synthetic phrase';
    expect((await client.updateUser({ password: 'short' })).error?.code).toBe('weak_password');
    expect((await client.updateUser({ password })).error).toBeNull();
    expect((await client.getUser()).data.user?.id).toBe(userId);
    expect((await elsewhere.refreshSession()).error).not.toBeNull();
    expect((await visitor().signInWithPassword({ email, password })).error).toBeNull();
    const twice = await visitor().verifyOtp(paramsOf(link));
    expect(twice.error).toMatchObject({ status: 403, code: 'otp_expired' });
  });

  test('answers an unknown address alike without a mail, and nobody twice in a minute', async () => {
    const stranger = `x${email}`;
    expect((await visitor().resetPasswordForEmail(stranger)).error).toBeNull();
    expect(await sandbox.control.mails(stranger)).toEqual([]);
    await visitor().resetPasswordForEmail(email);
    expect((await visitor().resetPasswordForEmail(email)).error).toMatchObject({
      status: 429,
      code: 'over_email_send_rate_limit',
    });
    expect(await sandbox.control.mails(email)).toHaveLength(1);
  });

  test('a new link voids the one before it, and an old one has expired', async () => {
    const first = await admin().generateLink({ type: 'recovery', email });
    const second = await admin().generateLink({ type: 'recovery', email });
    const open = (token_hash: string | undefined) =>
      visitor().verifyOtp({ token_hash: token_hash ?? '', type: 'recovery' });
    expect((await open(first.data.properties?.hashed_token)).error?.code).toBe('otp_expired');
    await landing.sql(
      "update auth.users set recovery_sent_at = now() - interval '25 hours' where id = $1",
      [userId],
    );
    expect((await open(second.data.properties?.hashed_token)).error?.code).toBe('otp_expired');
  });
});

describe('auth.admin', () => {
  test('invites: the mail opens the way in for somebody without a password', async () => {
    const guest = `guest-${email}`;
    expect((await admin().inviteUserByEmail(guest)).data.user?.email).toBe(guest);
    const link = await linkInMail(guest);
    expect((await sandbox.control.mails(guest))[0]?.subject).toBe('Доступ в Leadwire');
    const client = visitor();
    const { data } = await client.verifyOtp(paramsOf(link));
    expect(data.session).not.toBeNull();
    expect((await client.updateUser({ password: PASSWORD })).error).toBeNull();
    const repeated = await admin().generateLink({ type: 'invite', email: guest });
    expect(repeated.error).toMatchObject({ status: 422, code: 'email_exists' });
  });

  test('lists, changes and deletes, and never shows a password', async () => {
    expect((await admin().createUser({ email })).error).toMatchObject({
      status: 422,
      code: 'email_exists',
    });
    const { data: list } = await admin().listUsers({ page: 1, perPage: 1000 });
    expect(list.users.map(({ id }) => id)).toContain(userId);
    expect(JSON.stringify(list)).not.toMatch(/password/);
    const changed = await admin().updateUserById(userId, { app_metadata: { role: null, team: 2 } });
    expect(changed.data.user?.app_metadata).toEqual({
      provider: 'email',
      providers: ['email'],
      team: 2,
    });
    expect((await admin().deleteUser(userId)).error).toBeNull();
    const gone = await admin().getUserById(userId);
    expect(gone.error).toMatchObject({ status: 404, code: 'user_not_found' });
    const wrong = await admin().generateLink({ type: 'recovery', email });
    expect(wrong.error).toMatchObject({ status: 404, code: 'user_not_found' });
    const odd = await admin().createUser({ email: 'no address' });
    expect(odd.error).toMatchObject({ status: 400, code: 'validation_failed' });
  });

  test('takes a bcrypt hash over from elsewhere', async () => {
    const [row] = await landing.sql<{ hash: string }>(
      "select extensions.crypt($1, extensions.gen_salt('bf', 4)) as hash",
      [PASSWORD],
    );
    const moved = `moved-${email}`;
    await admin().createUser({ email: moved, password_hash: row?.hash ?? '', email_confirm: true });
    expect(
      (await visitor().signInWithPassword({ email: moved, password: PASSWORD })).error,
    ).toBeNull();
  });
});

test('bad requests to Auth get an answer in words and no 500', async () => {
  const post = (path: string, body: string, key = PUBLISHABLE_KEY) =>
    fetch(`${landing.url}/auth/v1${path}`, {
      method: 'POST',
      headers: { apikey: key, 'content-type': 'application/json' },
      body,
    });
  for (const body of ['', '{', '[]', 'null', '{"email": 5}']) {
    for (const path of ['/token?grant_type=password', '/verify', '/recover', '/logout']) {
      const { status } = await post(path, body);
      expect([path, body, status >= 400 && status < 500]).toEqual([path, body, true]);
    }
    expect((await post('/admin/users', body, SERVICE_KEY)).status).toBe(400);
  }
  expect((await post('/otp', '{"email":"a@leadwire-sample.kz"}')).status).toBe(404);
});
