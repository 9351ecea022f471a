/** Very many leads in a broker, in a fraction of the time that landing-api would take for them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'nats';
import { subjects } from '@leadwire/shared/contract/topology';
import { openTestBus } from '@leadwire/testing/bus';
import { leadCreated, someLead } from '@leadwire/testing/lead';
import type { TestBroker } from '@leadwire/testing/test-broker';
import { waitFor } from '@leadwire/testing/wait-for';

/** Sent without waiting; below the 10,000 that a stream of nats-server keeps for itself before it drops (max_buffered_msgs). */
const AT_ONCE = 2_000;
/** A sample is enough to ask for. */
const KNOWN = 1_000;

/**
 * Writes `count` leads as landing-api would. Meanwhile the broker runs without an fsync for each, afterwards as before:
 * the same files, with everything in them on disk.
 * @returns ids of a thousand of them, or of all
 */
export async function fillLeads(broker: TestBroker, count: number): Promise<string[]> {
  const bus = await openTestBus(broker, 'bench');
  await bus.drain();
  await broker.kill();
  const hasty = await startHasty(broker);
  const every = Math.max(1, Math.floor(count / KNOWN));
  const known: string[] = [];
  const nats = await connect({ servers: broker.url });
  try {
    const stream = nats.jetstream();
    for (let n = 1; n <= count; n += 1) {
      const lead = someLead();
      const subject = subjects.leadCreated(lead.kind, lead.leadId);
      const bytes = new TextEncoder().encode(JSON.stringify(leadCreated(lead)));
      if (n % AT_ONCE === 0 || n === count) await stream.publish(subject, bytes);
      else nats.publish(subject, bytes);
      if (n % every === 0) known.push(lead.leadId);
    }
    const { state } = await (await nats.jetstreamManager()).streams.info('LEADS');
    if (state.messages !== count) throw new Error(`${state.messages} of ${count} leads are there`);
  } finally {
    await nats.close();
    await hasty.stop();
  }
  await broker.start();
  return known;
}

/** The same broker with the server's own `sync_interval`, two minutes. */
async function startHasty({ url, storeDir }: TestBroker) {
  const binary = process.env['NATS_SERVER_BIN'];
  if (!binary || !storeDir) throw new Error('the broker is no process of ours');
  const { port } = new URL(url);
  const child = spawn(binary, ['-a', '127.0.0.1', '-p', port, '-js', '-sd', storeDir], {
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const isThere = async () => {
    const probe = await connect({ servers: url, reconnect: false }).catch(() => undefined);
    await probe?.close();
    return probe !== undefined;
  };
  await waitFor(isThere, { what: 'nats-server to answer' });
  return {
    async stop() {
      // An orderly end writes everything out.
      child.kill('SIGTERM');
      await exited;
    },
  };
}
