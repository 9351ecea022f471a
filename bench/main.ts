/**
 * `npm run bench -- campaigns [--people 100,10000,100000] [--limit n]`: how long something takes, and how much memory.
 * Every part is real and runs as it does in production, but the provider, which only counts.
 */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { findNatsServer } from '../scripts/nats-server.ts';
import { say } from '../scripts/progress.mjs';
import { ExplainedError } from '../scripts/tools.mjs';
import { benchCampaigns } from './campaigns.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { people: { type: 'string' }, limit: { type: 'string' } },
});

try {
  const [name = 'nothing'] = positionals;
  if (name !== 'campaigns') throw new ExplainedError(`${name}: there is only "campaigns".`);
  process.env['NATS_SERVER_BIN'] = await findNatsServer({ log: say });
  const [load = 0] = loadavg();
  say(
    `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} cores, node ${process.version}; ` +
      `the load before is ${load.toFixed(1)}\n`,
  );
  await benchCampaigns({
    people: values.people?.split(',').map((text) => positive('--people', text)),
    limit: values.limit === undefined ? undefined : positive('--limit', values.limit),
  });
} catch (error) {
  if (!(error instanceof ExplainedError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new ExplainedError(`${flag}: expected whole numbers, more than 0`);
}
