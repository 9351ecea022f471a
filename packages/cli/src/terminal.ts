/** What a command says and how: aligned columns, colours on a terminal only, questions. */
import { createInterface } from 'node:readline/promises';
import { stripVTControlCharacters, styleText } from 'node:util';
import { words } from './answer.ts';
import { UsageError } from './failure.ts';

export type Style = Parameters<typeof styleText>[0];

/** Colours the text when the screen is a terminal and NO_COLOR is not set. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: words() });
}

/** One or more lines, to standard output; with --json to standard error, where nobody parses them. */
export function say(...lines: string[]): void {
  words().write(`${lines.join('\n')}\n`);
}

/**
 * Text from outside (a form, a provider) on one line: without the control characters by which it could
 * move the cursor or change the title of the terminal. The joiners stay: emoji and some scripts are written with them.
 */
export function oneLine(text: string): string {
  return text.replace(/(?:(?![\u200C\u200D])[\p{Cc}\p{Cf}\s])+/gu, ' ').trim();
}

const GAP = '  ';
/** A line wider than the terminal is harder to read than one that ends in "…". */
const NARROWEST_LAST_COLUMN = 8;

/**
 * Columns side by side, indented. On a terminal the last one is cut to what fits; in a pipe nothing is.
 */
export function columns(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  indent = '',
): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, index) => Math.max(...all.map((row) => width(row[index] ?? ''))));
  const before = widths.slice(0, -1).reduce((sum, each) => sum + each + GAP.length, 0);
  const room = words().isTTY ? words().columns - indent.length - before : Infinity;
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) =>
        index === head.length - 1
          ? cut(cell, Math.max(room, NARROWEST_LAST_COLUMN))
          : cell + ' '.repeat((widths[index] ?? 0) - width(cell)),
      )
      .join(GAP)
      .trimEnd();
  return [paint('dim', line(head)), ...rows.map(line)].map((each) => indent + each);
}

function width(text: string): number {
  return stripVTControlCharacters(text).length;
}

function cut(text: string, room: number): string {
  return width(text) <= room ? text : `${stripVTControlCharacters(text).slice(0, room - 1)}…`;
}

/** What stands under times, wherever this runs: the people who read them are in Almaty. */
export const ALMATY_NOTE = 'Times are those of Almaty.';

const almaty = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Asia/Almaty',
  dateStyle: 'short',
  timeStyle: 'medium',
});

/** `2026-11-20 15:30:12` in Almaty. */
export function clock(time: Date | string): string {
  return almaty.format(new Date(time));
}

/** The same where no note stands under it: `2026-11-20 15:30:12 in Almaty`. */
export function almatyClock(time: Date | string): string {
  return `${clock(time)} in Almaty`;
}

/** `3 min ago`, `in 2 h`. */
export function fromNow(time: Date | string, now = Date.now()): string {
  const seconds = Math.round((new Date(time).getTime() - now) / 1000);
  const size = Math.abs(seconds);
  const [count, unit] =
    size < 90
      ? [size, 's']
      : size < 90 * 60
        ? [Math.round(size / 60), 'min']
        : size < 48 * 3600
          ? [Math.round(size / 3600), 'h']
          : [Math.round(size / 86_400), 'days'];
  return seconds > 0 ? `in ${count} ${unit}` : `${count} ${unit} ago`;
}

/** `1 dead letter`, `3 dead letters`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/**
 * A line that counts up to `total` while something is done; call the result with how much is. On a
 * terminal the line is rewritten; in a pipe only its end is said.
 */
export function progress(what: string, total: number): (done: number) => void {
  return (done) => {
    const screen = words();
    if (screen.isTTY) screen.write(`\r${what} ${done}/${total}`);
    if (done === total) screen.write(screen.isTTY ? '\n' : `${what} ${done}/${total}\n`);
  };
}

/**
 * Asks before something is changed. Anything but "y" or "yes" is a no.
 * @throws UsageError when nobody is there to answer and `--yes` was not given.
 */
export async function confirm(question: string, isAgreed: boolean): Promise<boolean> {
  if (isAgreed) return true;
  if (!process.stdin.isTTY) {
    throw new UsageError('Nothing was changed: there is no terminal to confirm at. Give --yes.');
  }
  const prompt = createInterface({ input: process.stdin, output: words() });
  try {
    const answer = await prompt.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } catch {
    // Ctrl-C or Ctrl-D at the question.
    say('');
    return false;
  } finally {
    prompt.close();
  }
}
