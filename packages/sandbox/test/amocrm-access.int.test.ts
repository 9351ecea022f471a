import { describe, expect, test } from 'vitest';
import {
  amo,
  CLIENT,
  complexLead,
  manyCalls,
  token,
  type Problem,
  type TokenBody,
} from './amocrm-calls.ts';
import { failureOf, openSandbox } from './sandbox-calls.ts';
import type { Sandbox } from '../src/sandbox.ts';

const HOUR_MS = 3_600_000;
const withCode = (code: string) => ({ grant_type: 'authorization_code', code });
const withRefresh = (refresh_token: string) => ({ grant_type: 'refresh_token', refresh_token });
const statusWith = async (sandbox: Sandbox, access: string) =>
  (await amo(sandbox, 'GET', '/api/v4/account', undefined, { token: access })).status;

describe('the first authorisation', () => {
  test('a person allows it on a page and comes back with a code that gives tokens', async () => {
    const sandbox = await openSandbox();
    const url = `${sandbox.amocrmUrl}/oauth?client_id=${CLIENT.client_id}&state=s-1`;
    expect(await (await fetch(url)).text()).toContain('Разрешить доступ к AmoCRM?');
    const answer = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({ answer: 'allow' }),
      redirect: 'manual',
    });
    const back = new URL(answer.headers.get('location') ?? '');
    expect(`${back.origin}${back.pathname}`).toBe(CLIENT.redirect_uri);
    expect(back.searchParams.get('state')).toBe('s-1');
    const { status, body } = await token(sandbox, withCode(back.searchParams.get('code') ?? ''));
    expect([status, body.expires_in]).toEqual([200, 86_400]);
    expect(await statusWith(sandbox, body.access_token)).toBe(200);
  });

  test('a person may refuse', async () => {
    const sandbox = await openSandbox();
    const answer = await fetch(`${sandbox.amocrmUrl}/oauth?client_id=${CLIENT.client_id}`, {
      method: 'POST',
      body: new URLSearchParams({ answer: 'deny' }),
      redirect: 'manual',
    });
    expect(answer.headers.get('location')).toContain('error=access_denied');
  });

  test('a code is good once, and for twenty minutes', async () => {
    const sandbox = await openSandbox();
    const { issueCode } = sandbox.control.amocrm;
    const code = await issueCode();
    expect((await token(sandbox, withCode(code))).status).toBe(200);
    const again = await token<Problem>(sandbox, withCode(code));
    expect([again.status, again.body.hint]).toEqual([400, 'Authorization code has been revoked']);
    const late = await issueCode();
    await sandbox.control.advance(20 * 60_000);
    const answer = await token<Problem>(sandbox, withCode(late));
    expect(answer.body.hint).toBe('Authorization code has expired');
  });

  test.each([
    ['client_id', 400],
    ['client_secret', 401],
    ['redirect_uri', 400],
  ])('a wrong %s is refused by name', async (name, status) => {
    const sandbox = await openSandbox();
    const code = await sandbox.control.amocrm.issueCode();
    const answer = await token<Problem>(sandbox, { ...withCode(code), [name]: 'https://x.kz' });
    expect([answer.status, answer.body.hint]).toEqual([status, `Check the \`${name}\` parameter`]);
  });
});

describe('tokens', () => {
  test('an access token ends after a day', async () => {
    const sandbox = await openSandbox();
    const { access_token } = await sandbox.control.amocrm.issueTokens();
    await sandbox.control.advance(24 * HOUR_MS - 1000);
    expect(await statusWith(sandbox, access_token)).toBe(200);
    await sandbox.control.advance(1000);
    expect(await statusWith(sandbox, access_token)).toBe(401);
  });

  test('of two refreshes at once one wins, and the loser is told that the token is revoked', async () => {
    const sandbox = await openSandbox();
    const old = await sandbox.control.amocrm.issueTokens();
    const answers = await Promise.all([
      token<TokenBody & Problem>(sandbox, withRefresh(old.refresh_token)),
      token<TokenBody & Problem>(sandbox, withRefresh(old.refresh_token)),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect(answers.find(({ status }) => status === 401)?.body.hint).toBe('Token has been revoked');
    expect(await statusWith(sandbox, old.access_token)).toBe(401);
    const winner = answers.find(({ status }) => status === 200);
    expect(await statusWith(sandbox, winner?.body.access_token ?? '')).toBe(200);
  });

  test('a refresh whose answer is lost loses the grant', async () => {
    const sandbox = await openSandbox();
    const old = await sandbox.control.amocrm.issueTokens();
    await sandbox.control.addPreset('amocrm-rotate-then-drop');
    expect(await failureOf(token(sandbox, withRefresh(old.refresh_token)))).not.toBe('no failure');
    await sandbox.control.clearFaults();
    expect((await token(sandbox, withRefresh(old.refresh_token))).status).toBe(401);
  });

  test('a long-lived one works until its end or until it is revoked', async () => {
    const sandbox = await openSandbox();
    expect(await statusWith(sandbox, 'amocrm-sandbox-long-lived-token')).toBe(200);
    await sandbox.control.amocrm.revokeTokens({ longLived: true });
    expect(await statusWith(sandbox, 'amocrm-sandbox-long-lived-token')).toBe(401);
    const expiresAt = new Date((await sandbox.control.clock()).now + HOUR_MS).toISOString();
    await sandbox.control.amocrm.set({ longLivedTokens: [{ token: 'ends-soon', expiresAt }] });
    expect(await statusWith(sandbox, 'ends-soon')).toBe(200);
    await sandbox.control.advance(HOUR_MS);
    expect(await statusWith(sandbox, 'ends-soon')).toBe(401);
  });

  test('a missing one is 401, an unpaid account 402, missing rights 403 as a problem', async () => {
    const sandbox = await openSandbox();
    const none = await amo(sandbox, 'GET', '/api/v4/account', undefined, { token: null });
    expect(none.status).toBe(401);
    await sandbox.control.amocrm.set({ trouble: 'subscription-ended' });
    expect((await amo(sandbox, 'GET', '/api/v4/account')).status).toBe(402);
    await sandbox.control.amocrm.set({ trouble: 'no-rights' });
    const forbidden = await amo(sandbox, 'GET', '/api/v4/account');
    expect([forbidden.status, forbidden.type]).toEqual([403, 'application/problem+json']);
  });
});

describe('limits', () => {
  test('seven calls go in any second, the eighth is 429, now as JSON and now as a page', async () => {
    const sandbox = await openSandbox();
    const call = () => amo<Problem>(sandbox, 'GET', '/api/v4/account');
    const statuses = [];
    for (let sent = 0; sent < 7; sent++) statuses.push((await call()).status);
    expect(statuses).toEqual(Array(7).fill(200));
    const eighth = await call();
    expect([eighth.status, eighth.body.retry_after]).toEqual([429, 300]);
    expect(await call()).toMatchObject({ status: 429, type: 'text/html' });
    await sandbox.control.advance(999);
    expect((await call()).status).toBe(429);
    await sandbox.control.advance(1);
    expect((await call()).status).toBe(200);
  });

  test('who goes on regardless is blocked everywhere until support lifts it', async () => {
    const sandbox = await openSandbox({ amocrm: { ratePerSecond: 1, blockAfterExcesses: 3 } });
    for (let sent = 0; sent < 4; sent++) await amo(sandbox, 'GET', '/api/v4/account');
    await sandbox.control.advance(24 * HOUR_MS);
    const blocked = await amo(sandbox, 'GET', '/api/v4/account');
    expect([blocked.status, blocked.type]).toEqual([403, 'text/html']);
    expect((await token(sandbox, withRefresh('any'))).status).toBe(403);
    await sandbox.control.amocrm.unblock();
    expect((await amo(sandbox, 'GET', '/api/v4/account')).status).toBe(200);
  });
});

describe('faults', () => {
  test('a token that is refused in the middle of a batch', async () => {
    const sandbox = await openSandbox(manyCalls);
    await sandbox.control.addFault({
      provider: 'amocrm',
      path: '/api/v4/leads/complex',
      nth: 2,
      action: { do: 'fixed', status: 401, body: '{"title":"Unauthorized","status":401}' },
    });
    const statuses = [];
    for (let sent = 0; sent < 3; sent++) {
      const call = amo(sandbox, 'POST', '/api/v4/leads/complex', [complexLead()]);
      statuses.push((await call).status);
    }
    expect(statuses).toEqual([200, 401, 200]);
    expect(await sandbox.control.crm('lead-created')).toHaveLength(2);
  });
});
