/**
 * Preloaded into a service (`node --import`): ends the process with SIGKILL at its n-th HTTP call of one kind: just
 * before it leaves, or when its answer is there and nobody in the process has heard of it.
 *
 * CHAOS_CRASH_AT_CALL: what the call's path has in it: `rpc/leadwire_campaign_claim`.
 * CHAOS_CRASH_AT_CALL_NTH: which of them, from 1.
 * CHAOS_CRASH_SIDE: `before` or `after`.
 * CHAOS_CRASH_DIARY: a file that gets a line when it happens: `after rpc/leadwire_campaign_claim`.
 */
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

const { CHAOS_CRASH_AT_CALL: wanted, CHAOS_CRASH_AT_CALL_NTH: nth = '1' } = process.env;
const { CHAOS_CRASH_SIDE: side = 'after', CHAOS_CRASH_DIARY: diary } = process.env;
/** Node's `fetch` and its `http` module, which libraries use, tell of their calls here. */
const CHANNELS = {
  before: ['undici:request:create', 'http.client.request.created'],
  after: ['undici:request:headers', 'http.client.response.finish'],
};

let passes = 0;
const pass = (message: unknown): void => {
  const { request } = message as { request: { path: string } };
  if (wanted === undefined || !request.path.includes(wanted)) return;
  passes += 1;
  if (passes !== Number(nth)) return;
  if (diary !== undefined) appendFileSync(diary, `${side} ${wanted}\n`);
  process.kill(process.pid, 'SIGKILL');
};

for (const channel of CHANNELS[side === 'before' ? 'before' : 'after']) subscribe(channel, pass);
