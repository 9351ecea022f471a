import { describe, expect, test } from 'vitest';
import { runInNewContext } from 'node:vm';
import * as errors from '@leadwire/shared/errors';

const {
  AmbiguousError,
  ChannelStoppedError,
  SnoozeError,
  PermanentError,
  TransientError,
  toError,
} = errors;

describe('error classes', () => {
  test.each([
    new TransientError('m'),
    new AmbiguousError('m'),
    new SnoozeError('m', 5),
    new ChannelStoppedError('m'),
    new PermanentError('code', 'm'),
  ])('$name is named as its class', (error) => {
    expect(error.name).toBe(error.constructor.name);
    expect(error.message).toBe('m');
  });

  test('carry their cause and what the other side asked for', () => {
    const cause = new Error('503');
    const error = new TransientError('down', { cause, retryAfterMs: 9, outage: true });
    expect(error).toMatchObject({ cause, retryAfterMs: 9, outage: true });
    expect(new TransientError('once')).toMatchObject({ retryAfterMs: undefined, outage: false });
    expect(new AmbiguousError('timeout')).toBeInstanceOf(TransientError);
    expect(new PermanentError('bad_address', 'no')).toMatchObject({ code: 'bad_address' });
  });
});

describe('toError', () => {
  test('leaves an error as it is', () => {
    const error = new PermanentError('a', 'b');
    expect(toError(error)).toBe(error);
  });

  test('keeps name, message and origin of an error from another realm', () => {
    const foreign: unknown = runInNewContext('new RangeError("too far")');
    expect(foreign).not.toBeInstanceOf(Error);
    expect(toError(foreign)).toMatchObject({
      name: 'RangeError',
      message: 'too far',
      cause: foreign,
    });
  });

  test.each([
    ['a string', 'a string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [{ message: 'from an SDK', name: 'validation_error' }, 'from an SDK'],
  ])('makes one of %j', (thrown, message) => {
    expect(toError(thrown)).toBeInstanceOf(Error);
    expect(toError(thrown).message).toBe(message);
  });
});
