/** Several notifiers on one work: `docker compose up --scale notifier=3`. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSandbox } from '@leadwire/sandbox/control-client';
import { waitFor } from '@leadwire/testing/wait-for';
import { FAST, startLoad, untilSent } from './load.ts';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';

const LEADS = 500;
const METRICS_TOKEN = randomBytes(24).toString('hex');
const READ_SENT = `const headers = { authorization: 'Bearer ' + process.env.METRICS_TOKEN };
fetch('http://127.0.0.1:3101/metrics', { headers }).then((a) => a.ok ? a.text() : Promise.reject(a.status)).then((t) =>
  console.log([...t.matchAll(/^deliveries_total\\{.*outcome="sent".*\\} (\\d+)/gm)].reduce((n, m) => n + Number(m[1]), 0)))`;

describeWithCompose('three notifiers', () => {
  let stack: ComposeStack;
  beforeAll(async () => {
    stack = await startStack({
      // Everything waits until all leads are in, so that all three find work.
      settings: { ...FAST, NOTIFY_DELAY_MS: '15000', METRICS_TOKEN },
      args: ['--scale', 'notifier=3'],
    });
  }, 20 * 60_000);
  afterAll(() => stack?.remove(), 120_000);

  /** How many messages a notifier has sent. */
  const sentBy = async (index: number) =>
    Number(
      await stack.compose(
        'exec',
        '-T',
        '--env',
        `METRICS_TOKEN=${METRICS_TOKEN}`,
        '--index',
        String(index),
        'notifier',
        'node',
        '-e',
        READ_SENT,
      ),
    );

  test('share 1,000 messages; one is stopped in the middle, none is lost or doubled', async () => {
    const sandbox = connectSandbox(stack.sandboxUrl);
    const load = startLoad(stack.apiUrl, { everyMs: 10, most: LEADS });
    await waitFor(() => load.accepted.length + load.refused.length === LEADS, {
      timeoutMs: 120_000,
      what: 'all forms to be answered',
    });
    expect(load.refused).toEqual([]);
    await waitFor(async () => (await sentBy(1)) > LEADS / 10, {
      timeoutMs: 120_000,
      what: 'the first messages',
    });
    const shares = await Promise.all([1, 2, 3].map(sentBy));
    const [stopped] = (await stack.compose('ps', '--quiet', 'notifier')).trim().split('\n');
    await stack.docker('stop', stopped!);
    const end = await untilSent(sandbox, load.accepted, 600_000);
    process.stdout.write(
      `sent when one was stopped: ${shares.join(', ')}; at the end: ${end.mails} mails, ${end.sms} SMS\n`,
    );
    expect(end).toMatchObject({ mails: LEADS, sms: LEADS, missed: [], doubled: [] });
    expect(shares.every((share) => share > 0)).toBe(true);
  }, 900_000);
});
