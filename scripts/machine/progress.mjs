/**
 * Progress lines for a person at a terminal. Plain JavaScript without dependencies, because bootstrap.mjs
 * needs it before anything is installed.
 *
 * On a terminal a running step is one line with its seconds; elsewhere (CI, a pipe) a step says so only
 * when it takes longer than QUIET_MS, and then once more when it is done.
 */

/** Steps shorter than this are not worth two lines in a log file. */
const QUIET_MS = 2_000;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const out = process.stdout;
/** @type {{ title: string, detail: string, startedAt: number } | undefined} */
let running;

/** @param {number} ms */
export function seconds(ms) {
  return ms < 9_950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Prints one line without tearing the progress line that may be on the screen.
 * @param {string} text */
export function say(text) {
  if (out.isTTY && running) out.write('\r\x1b[K');
  out.write(`${text}\n`);
}

/**
 * Runs `work` under a progress line and returns its result; a failure is shown with ✗ and thrown on.
 * @template T
 * @param {string} title what is being done, for example "Node 24: fetching from the npm registry"
 * @param {(note: (detail: string) => void) => Promise<T>} work may call `note` with a word on how it goes
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const mine = { title, detail: '', startedAt: Date.now() };
  running = mine;
  const stopDrawing = out.isTTY ? drawOnTerminal(mine) : announceLate(mine);
  try {
    const result = await work((detail) => (mine.detail = detail));
    finish(mine, '✓', stopDrawing);
    return result;
  } catch (error) {
    finish(mine, '✗', stopDrawing);
    throw error;
  }
}

/** @param {{ title: string, detail: string, startedAt: number }} mine @param {string} mark @param {() => void} stopDrawing */
function finish(mine, mark, stopDrawing) {
  stopDrawing();
  if (out.isTTY) out.write('\r\x1b[K');
  running = undefined;
  const detail = mine.detail ? ` (${mine.detail})` : '';
  out.write(`${mark} ${mine.title}${detail} … ${seconds(Date.now() - mine.startedAt)}\n`);
}

/** @param {{ title: string, detail: string, startedAt: number }} mine */
function drawOnTerminal(mine) {
  let frame = 0;
  const draw = () => {
    const detail = mine.detail ? ` (${mine.detail})` : '';
    const line = `${FRAMES[frame++ % FRAMES.length]} ${mine.title}${detail} … ${seconds(Date.now() - mine.startedAt)}`;
    out.write(`\r\x1b[K${line.slice(0, (out.columns || 80) - 1)}`);
  };
  draw();
  const timer = setInterval(draw, 120);
  return () => clearInterval(timer);
}

/** @param {{ title: string }} mine */
function announceLate(mine) {
  const timer = setTimeout(() => out.write(`  ${mine.title} …\n`), QUIET_MS);
  return () => clearTimeout(timer);
}
