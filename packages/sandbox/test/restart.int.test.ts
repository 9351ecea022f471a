import { describe, expect, test } from 'vitest';
import { processEnv } from '@leadwire/testing/process-env';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSandbox, startSandbox, type SandboxControl } from '../src/sandbox.ts';
import { failureOf, mail } from './sandbox-calls.ts';

const MAIN = new URL('../src/main.ts', import.meta.url).pathname;
const KEY = 'kz0000000000000000000000000000000sandbox';

/** Runs `src/main.ts` on a free port and waits until it says where. */
async function run(
  env: Record<string, string>,
): Promise<{ url: string; child: ChildProcess; control: SandboxControl }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...processEnv, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return { url, child, control: connectSandbox(url) };
}

const sendMail = async (url: string) =>
  (
    await fetch(`${url}/resend/emails`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer re_sandbox_key',
        'content-type': 'application/json',
        'idempotency-key': 'lead-1',
      },
      body: JSON.stringify(mail()),
    })
  ).json();

const callMobizon = async (url: string, method: string, form: Record<string, string>) =>
  (
    await fetch(`${url}/mobizon/service/${method}`, {
      method: 'POST',
      body: new URLSearchParams({ apiKey: KEY, ...form }),
    })
  ).json();

describe('with a data folder', () => {
  test('kill -9 forgets no effect, no key, no SMS and no tenge of the balance', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const env = { SANDBOX_DATA_DIR: dataDir };
    const first = await run(env);
    const answer = await sendMail(first.url);
    await callMobizon(first.url, 'message/sendSmsMessage', {
      recipient: '77051234567',
      text: 'Привет',
      'params[name]': 'token-1',
    });
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');

    const second = await run(env);
    try {
      expect((await second.control.effects()).map(({ kind }) => kind)).toEqual(['mail', 'sms']);
      expect(await sendMail(second.url)).toEqual(answer);
      expect(await second.control.mails()).toHaveLength(1);
      expect(await second.control.mobizon.balance()).toBeCloseTo(10_000 - 16.2);
      expect(
        await callMobizon(second.url, 'campaign/list', { 'criteria[type]': '1' }),
      ).toMatchObject({
        data: { items: [{ name: 'token-1' }], totalItemCount: '1' },
      });
      await second.control.advance(60_000);
      expect(
        await callMobizon(second.url, 'message/getSMSStatus', { ids: '700001' }),
      ).toMatchObject({
        data: [{ status: 'DELIVRD' }],
      });
    } finally {
      second.child.kill('SIGTERM');
    }
    expect((await once(second.child, 'exit'))[0]).toBe(0);
    rmSync(dataDir, { recursive: true });
  });

  test('a mail whose answer the kill swallowed is not sent again under its key', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const first = await run({ SANDBOX_DATA_DIR: dataDir });
    await first.control.addFault({ at: 'after-effect', action: { do: 'hang' } });
    const swallowed = failureOf(sendMail(first.url));
    while ((await first.control.effects()).length === 0);
    first.child.kill('SIGKILL');
    expect(await swallowed).not.toBe('no failure');

    const second = await run({ SANDBOX_DATA_DIR: dataDir });
    const { id } = (await sendMail(second.url)) as { id: string };
    expect((await second.control.mails()).map((each) => each.id)).toEqual([id]);
    second.child.kill('SIGTERM');
    await once(second.child, 'exit');
    rmSync(dataDir, { recursive: true });
  });

  test('a line torn by the kill is left out, the rest is read', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const first = await startSandbox({ dataDir });
    await sendMail(first.url);
    await first.close();
    appendFileSync(join(dataDir, 'sandbox.jsonl'), '[["effects","2",{"sequ');
    const second = await startSandbox({ dataDir });
    expect(await second.control.effects()).toHaveLength(1);
    await second.control.reset();
    await second.close();
    const third = await startSandbox({ dataDir });
    expect(await third.control.effects()).toEqual([]);
    await third.close();
    rmSync(dataDir, { recursive: true });
  });
});

test('a bad variable stops the process with its name', async () => {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...processEnv, PORT: 'x', MOBIZON_API_KEY: 'short' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect((await once(child, 'close'))[0]).toBe(1);
  expect(said).toContain('PORT: expected a port number');
  expect(said).toContain('MOBIZON_API_KEY: expected 40 or 70 letters and digits');
  expect(said).not.toContain('short');
});
