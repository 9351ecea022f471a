/** Runs once before all tests: what they need and cannot bring along themselves. */
import { missingEngine } from '../scripts/machine/docker-engine.ts';
import { findNatsServer } from '../scripts/machine/nats-server.ts';

/** Leaves the path of a usable nats-server in NATS_SERVER_BIN for the test workers. */
export default async function globalSetup(): Promise<void> {
  if (process.env['TEST_NATS'] === 'container') {
    const missing = await missingEngine();
    if (missing) throw new Error(`TEST_NATS=container: nothing was run: ${missing}`);
  }
  process.env['NATS_SERVER_BIN'] = await findNatsServer({
    log: (line) => process.stdout.write(`${line}\n`),
  });
}
