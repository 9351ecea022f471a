/**
 * Preloaded into a service (`node --import`): ends the process with SIGKILL at its n-th step towards the outside,
 * just before or just after it. What a crash leaves behind depends only on which steps were done, so the numbers up to
 * a few hundred are all the gaps there are.
 *
 * CHAOS_CRASH_AT_WRITE: n-th write to any socket: publish, claim, call, record, acknowledge, answer.
 * CHAOS_CRASH_AT_FILE_STEP: n-th step on a file: open, write, sync, rename, remove.
 * CHAOS_CRASH_SIDE: `before` or `after`.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';

type Step = (this: unknown, ...given: unknown[]) => unknown;

const isBefore = process.env['CHAOS_CRASH_SIDE'] === 'before';

/** Lets the process die at its n-th pass; NaN never comes. */
function createTrap(n: number) {
  let passes = 0;
  const die = (): void => void process.kill(process.pid, 'SIGKILL');
  /** The same function with the trap in it; with a promise, "after" is when it is fulfilled. */
  return (original: Step): Step =>
    function (...given) {
      passes += 1;
      const isLast = passes === n;
      if (isLast && isBefore) die();
      const result = original.apply(this, given);
      if (!isLast) return result;
      return result instanceof Promise ? result.then(die) : die();
    };
}

function arm(target: object, names: readonly string[], trapped: (original: Step) => Step): void {
  const steps = target as Record<string, Step>;
  for (const name of names) {
    const original = steps[name];
    if (original) steps[name] = trapped(original);
  }
}

const atWrite = createTrap(Number(process.env['CHAOS_CRASH_AT_WRITE']));
// Node's own streams call these two, whatever library holds the socket.
arm(Socket.prototype, ['_write', '_writev'], atWrite);

const atFileStep = createTrap(Number(process.env['CHAOS_CRASH_AT_FILE_STEP']));
const open = fs.open;
const openArmed = async (...given: Parameters<typeof open>) => {
  const handle = await open(...given);
  arm(handle, ['writeFile', 'sync'], atFileStep);
  return handle;
};
Object.assign(fs, { open: openArmed });
arm(fs, ['open', 'rename', 'unlink', 'rm'], atFileStep);
// `import { rename } from 'node:fs/promises'` sees it as well.
syncBuiltinESMExports();
