/** Turns what the processes of the stack print into short lines for a person: warnings and errors only. */

/** pino's numbers for its levels (https://github.com/pinojs/pino/blob/main/docs/api.md#loggerlevels-object). */
const LEVELS: Readonly<Record<number, string>> = { 40: 'warn', 50: 'error', 60: 'fatal' };
const SHOWN = new Set(Object.values(LEVELS));

/** Fields that a person at a terminal does not need next to the message. */
const NOISE = new Set(['level', 'time', 'pid', 'hostname', 'service', 'name', 'msg', 'err', 'v']);

/** nats-server marks its lines like `[123] 2026/11/20 10:00:00.000000 [WRN] text`. */
const NATS_LINE = /^\[\d+\] \S+ \S+ \[(\w{3})\] (.*)$/;
const NATS_LEVELS: Readonly<Record<string, string>> = { WRN: 'warn', ERR: 'error', FTL: 'fatal' };

/** Node's own warnings (a deprecation, say) are for developers, who read log files. */
const NODE_WARNING = /^\(node:\d+\) |^\(Use `node /;

/**
 * What to show of one line, or undefined when it belongs in the log file only. `from` says which stream it
 * came on: what is no log line at all is shown when it was printed as an error.
 */
export function toTerminal(line: string, from: 'stdout' | 'stderr'): string | undefined {
  const nats = NATS_LINE.exec(line);
  if (nats) {
    const level = NATS_LEVELS[nats[1] ?? ''];
    return level && `${level}: ${nats[2]}`;
  }
  const record = parseRecord(line);
  if (!record) {
    const isShown = from === 'stderr' && line.trim() !== '' && !NODE_WARNING.test(line);
    return isShown ? line : undefined;
  }
  const level = levelOf(record['level']);
  return level && `${level}: ${describe(record)}`;
}

function parseRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): string | undefined {
  const label = typeof level === 'number' ? LEVELS[level] : level;
  return typeof label === 'string' && SHOWN.has(label) ? label : undefined;
}

function describe(record: Record<string, unknown>): string {
  const { msg, err } = record;
  const cause =
    typeof err === 'object' && err !== null && 'message' in err ? String(err.message) : undefined;
  const fields = Object.entries(record)
    .filter(([key]) => !NOISE.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const said = typeof msg === 'string' ? msg : '';
  const parts = [said, cause === said ? undefined : cause].filter(Boolean).join(': ');
  return [parts, ...fields].join('  ');
}

/** Repeats of the same text within this time are counted, not shown. */
const REPEAT_MS = 10_000;

/** A filter that lets the same text through once in a while and then says how often it came. */
export function createRepeatFilter(
  now: () => number = Date.now,
): (text: string) => string | undefined {
  const seen = new Map<string, { at: number; hidden: number }>();
  return (text) => {
    const key = text.replace(/\d+/g, '0');
    const last = seen.get(key);
    if (last && now() - last.at < REPEAT_MS) {
      last.hidden++;
      return undefined;
    }
    seen.set(key, { at: now(), hidden: 0 });
    return last?.hidden ? `${text}  (and ${last.hidden} more like it)` : text;
  };
}
