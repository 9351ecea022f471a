/**
 * What `--json` means, for every command alike: standard output is one JSON document, and whatever is said in
 * words, asked or counted goes to standard error.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

interface Run {
  isJson: boolean;
  isAnswered: boolean;
}

/** Of each run its own: tests run several at once in one process. */
const runs = new AsyncLocalStorage<Run>();

/** What a program gets when a command ended well and did nothing; why is on standard error. */
const NOTHING_DONE = { done: false };

/** Runs one command line; `askForJson` inside of it decides how it answers. */
export function withAnswer(work: () => Promise<unknown>): Promise<void> {
  const run: Run = { isJson: false, isAnswered: false };
  return runs.run(run, async () => {
    await work();
    if (run.isJson && !run.isAnswered) write(NOTHING_DONE);
  });
}

/** From here on this run answers in JSON. */
export function askForJson(): void {
  const run = runs.getStore();
  if (run) run.isJson = true;
}

/** Where words go. */
export function words(): NodeJS.WriteStream {
  return runs.getStore()?.isJson ? process.stderr : process.stdout;
}

/**
 * The result of a command: the value as JSON when that was asked for, else the lines.
 * @throws Error for a second answer of one run, which no program could read
 */
export function answer(value: unknown, ...lines: string[]): void {
  const run = runs.getStore();
  if (!run?.isJson) {
    if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
    return;
  }
  if (run.isAnswered) throw new Error('a command answers once');
  run.isAnswered = true;
  write(value);
}

function write(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
