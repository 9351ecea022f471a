import { describe, expect, test } from 'vitest';
import { createRepeatFilter, toTerminal } from '../stack/log-lines.ts';

describe('what a person sees of the logs', () => {
  test("a service's warning becomes one readable line", () => {
    const line = JSON.stringify({
      level: 'warn',
      time: '2026-11-20T10:00:00.000Z',
      service: 'notifier',
      durable: 'notifier-sms',
      attempt: 2,
      err: { message: 'Mobizon answered 503' },
      msg: 'will retry',
    });
    expect(toTerminal(line, 'stdout')).toBe(
      'warn: will retry: Mobizon answered 503  durable=notifier-sms  attempt=2',
    );
  });

  test("pino's numeric levels are understood", () => {
    expect(toTerminal('{"level":50,"msg":"cannot write"}', 'stdout')).toBe('error: cannot write');
    expect(toTerminal('{"level":30,"msg":"listening"}', 'stdout')).toBeUndefined();
  });

  test("the broker's warnings are shown, its chatter is not", () => {
    const from = (level: string) => `[7] 2026/11/20 10:00:00.000000 [${level}] Filestore is slow`;
    expect(toTerminal(from('WRN'), 'stderr')).toBe('warn: Filestore is slow');
    expect(toTerminal(from('INF'), 'stderr')).toBeUndefined();
  });

  test('a crash that is no log line is shown, ordinary output is not', () => {
    expect(toTerminal('TypeError: x is not a function', 'stderr')).toMatch('TypeError');
    expect(toTerminal('hello', 'stdout')).toBeUndefined();
    expect(toTerminal('{ not json', 'stderr')).toBe('{ not json');
  });

  test("Node's warnings stay in the file", () => {
    const warning = '(node:20488) [FSTDEP023] FastifyDeprecation: an option is deprecated';
    expect(toTerminal(warning, 'stderr')).toBeUndefined();
  });

  test('a storm of one line is shown once, then with its count', () => {
    let now = 0;
    const filter = createRepeatFilter(() => now);
    expect(filter('warn: attempt 1 failed')).toBe('warn: attempt 1 failed');
    expect(filter('warn: attempt 2 failed')).toBeUndefined();
    expect(filter('warn: attempt 3 failed')).toBeUndefined();
    now = 11_000;
    expect(filter('warn: attempt 4 failed')).toBe('warn: attempt 4 failed  (and 2 more like it)');
  });
});
