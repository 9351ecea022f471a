/**
 * Preloaded into a service (`node --import`): ends the process with SIGKILL at its n-th write to any socket, just
 * before or just after the bytes leave. Every step of the system (publish, claim, call, record, acknowledge) is such
 * a write, so the numbers up to a few hundred are the gaps between all the steps.
 *
 * CHAOS_CRASH_AT_WRITE: n, from 1. CHAOS_CRASH_SIDE: `before` or `after`.
 */
import { Socket } from 'node:net';

type Write = (this: Socket, ...given: unknown[]) => unknown;
type Inner = Record<'_write' | '_writev', Write>;

const last = Number(process.env['CHAOS_CRASH_AT_WRITE']);
const isBefore = process.env['CHAOS_CRASH_SIDE'] === 'before';
let writes = 0;

const die = (): void => void process.kill(process.pid, 'SIGKILL');

// Node's own streams call these two, whatever library holds the socket.
const inner = Socket.prototype as unknown as Inner;
for (const name of ['_write', '_writev'] as const) {
  const original = inner[name];
  inner[name] = function (...given) {
    writes += 1;
    if (writes === last && isBefore) die();
    const result = original.apply(this, given);
    if (writes === last) die();
    return result;
  };
}
