/** deploy/cluster: three brokers and two landing-api, while people send forms. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectSandbox } from '@leadwire/sandbox/control-client';
import { waitFor } from '@leadwire/testing/wait-for';
import { FAST, startLoad, untilSent, type Load } from './load.ts';
import { describeWithCompose, startStack, type ComposeStack } from './stack.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** Ten forms a second; the two cores carry everything else as well. */
const LOAD = { everyMs: 100, most: 100_000 };

describeWithCompose('three brokers', () => {
  let stack: ComposeStack;
  let load: Load;
  let people = 0;
  beforeAll(async () => {
    stack = await startStack({ files: ['deploy/cluster/docker-compose.yml'], settings: FAST });
  }, 20 * 60_000);
  beforeEach(() => {
    load = startLoad(stack.apiUrl, { ...LOAD, from: (people += 100_000) });
  });
  afterAll(() => stack?.remove(), 120_000);

  const accepted = (more: number) => {
    const wanted = load.accepted.length + more;
    return waitFor(() => load.accepted.length >= wanted, {
      timeoutMs: 120_000,
      what: `${more} more forms to be accepted`,
    });
  };
  const healthy = (broker: string) =>
    waitFor(
      async () =>
        (await stack.compose('ps', '--format', '{{.Health}}', broker)).includes('healthy'),
      { timeoutMs: 180_000, what: `${broker} to be healthy` },
    );
  /** Waits until everything accepted is sent; what there is to complain of. */
  const settle = async () => {
    await load.stop();
    const sandbox = connectSandbox(stack.sandboxUrl);
    const end = await untilSent(sandbox, load.accepted, 600_000);
    const { length } = load.accepted;
    process.stdout.write(
      `${expect.getState().currentTestName}: ${length} accepted, ${load.refused.length} refused\n`,
    );
    return { refused: load.refused, doubled: end.doubled };
  };

  test('lose one to kill -9, then another: nothing is lost, no form is refused', async () => {
    await accepted(50);
    await stack.compose('kill', '--signal', 'SIGKILL', 'nats-2');
    await accepted(100);
    await stack.compose('start', 'nats-2');
    await healthy('nats-2');
    await stack.compose('kill', '--signal', 'SIGKILL', 'nats');
    await accepted(100);
    // Two gone: nothing can be stored, the journals take it.
    await stack.compose('kill', '--signal', 'SIGKILL', 'nats-3');
    await accepted(50);
    await stack.compose('start', 'nats', 'nats-3');
    await healthy('nats');
    expect(await settle()).toEqual({ refused: [], doubled: [] });
  }, 900_000);

  test('and services are restarted one after another: nothing is lost, no form is refused', async () => {
    await accepted(20);
    const { stdout } = await promisify(execFile)('deploy/cluster/rolling-restart.sh', {
      cwd: root,
      env: stack.env,
    });
    process.stdout.write(stdout);
    expect(await settle()).toEqual({ refused: [], doubled: [] });
  }, 1_200_000);
});
