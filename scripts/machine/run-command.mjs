/** Runs other programs to their end. Plain JavaScript: bootstrap.mjs needs it before anything is installed. */
import { spawn } from 'node:child_process';

/**
 * Runs a command to its end and collects what it prints. Never throws: a command that is not there is code
 * 127, one that was ended for taking too long is code 124.
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.cwd]
 * @param {number} [options.timeoutMs] ended after this time in any case
 * @param {number} [options.silenceMs] ended when it has printed nothing at all for this long
 * @returns {Promise<{ code: number, output: string }>} output is stdout and stderr as they came
 */
export function run(command, args, { env, cwd, timeoutMs, silenceMs } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let isLate = false;
    /** @param {number | undefined} ms */
    const endAfter = (ms) => {
      if (ms === undefined) return undefined;
      return setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
      }, ms);
    };
    const deadline = endAfter(timeoutMs);
    const silence = endAfter(silenceMs);
    /** @param {Buffer} chunk */
    const collect = (chunk) => {
      clearTimeout(silence);
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    /** @param {number} code @param {string} text */
    const done = (code, text) => {
      clearTimeout(deadline);
      clearTimeout(silence);
      resolve({ code, output: text });
    };
    child.once('error', (error) => done(127, `${command}: ${error.message}`));
    child.once('close', (code) =>
      isLate ? done(124, `${output}\n${command}: gave no answer in time`) : done(code ?? 1, output),
    );
  });
}

/**
 * The last lines of what a command printed, indented under a message.
 * @param {string} output
 */
export function tail(output, lines = 12) {
  return output
    .trim()
    .split('\n')
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join('\n');
}
