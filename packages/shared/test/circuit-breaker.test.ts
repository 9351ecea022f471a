import { describe, expect, test } from 'vitest';
import { retryDelayMs } from '@leadwire/shared/consumer/attempts';
import { createCircuit } from '@leadwire/shared/consumer/circuit-breaker';

function withClock() {
  let now = 1_000_000;
  const circuit = createCircuit(() => now);
  return { circuit, pass: (ms: number) => (now += ms), now: () => now };
}

describe('the circuit', () => {
  test('opens at the third failure in a row, not before', () => {
    const { circuit } = withClock();
    expect(circuit.failed()).toBe(false);
    expect(circuit.failed()).toBe(false);
    expect(circuit.isOpen()).toBe(false);
    expect(circuit.waitMs()).toBe(0);
    expect(circuit.failed()).toBe(true);
    expect(circuit.isOpen()).toBe(true);
    expect(circuit.waitMs()).toBe(1_000);
  });

  test('a success in between starts the count again', () => {
    const { circuit } = withClock();
    circuit.failed();
    circuit.failed();
    expect(circuit.succeeded()).toBe(false);
    circuit.failed();
    expect(circuit.failed()).toBe(false);
  });

  test('probes ever more rarely, up to once a minute', () => {
    const { circuit, pass } = withClock();
    circuit.failed();
    circuit.failed();
    const waits: number[] = [];
    for (let probe = 0; probe < 9; probe += 1) {
      circuit.failed();
      waits.push(circuit.waitMs());
      pass(circuit.waitMs());
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
  });

  test('those that fail together count as one probe', () => {
    const { circuit, pass } = withClock();
    for (let n = 0; n < 8; n += 1) circuit.failed();
    expect(circuit.waitMs()).toBe(1_000);
    pass(1_000);
    circuit.failed();
    expect(circuit.waitMs()).toBe(2_000);
  });

  test('waits as long as the other side asks', () => {
    const { circuit } = withClock();
    circuit.failed();
    circuit.failed();
    circuit.failed(30_000);
    expect(circuit.waitMs()).toBe(30_000);
  });

  test('closes at a success, and begins gently the next time', () => {
    const { circuit, pass } = withClock();
    for (let n = 0; n < 4; n += 1) {
      circuit.failed();
      pass(60_000);
    }
    expect(circuit.succeeded()).toBe(true);
    expect(circuit.isOpen()).toBe(false);
    for (let n = 0; n < 3; n += 1) circuit.failed();
    expect(circuit.waitMs()).toBe(1_000);
  });

  test('is not closed by work that was begun before it opened', () => {
    const { circuit, pass, now } = withClock();
    const startedAt = now();
    pass(10);
    circuit.stopped();
    expect(circuit.succeeded(startedAt)).toBe(false);
    expect(circuit.isStopped()).toBe(true);
    pass(60_000);
    expect(circuit.succeeded(now())).toBe(true);
    expect(circuit.isStopped()).toBe(false);
  });

  test('stops at once and is probed once a minute', () => {
    const { circuit, pass } = withClock();
    expect(circuit.stopped()).toBe(60_000);
    pass(60_000);
    expect(circuit.waitMs()).toBe(0);
    expect(circuit.stopped()).toBe(60_000);
    expect(circuit.isStopped()).toBe(true);
  });
});

describe('the wait between attempts', () => {
  test('doubles from one second to five minutes', () => {
    const waits = [1, 2, 3, 8, 9, 10, 50, 2_000].map((attempt) => retryDelayMs(attempt, () => 0.5));
    expect(waits).toEqual([1_000, 2_000, 4_000, 128_000, 256_000, 300_000, 300_000, 300_000]);
  });

  test('is spread by a fifth in both directions', () => {
    expect(retryDelayMs(1, () => 0)).toBe(800);
    expect(retryDelayMs(1, () => 0.999999)).toBe(1_200);
  });
});
