/** What the figures were measured on: without it they say nothing. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { medianOf } from './percentiles.ts';

const SYNCS = 50;

/** One line on the processor, how busy it was before, and the disk that everything is stored on. */
export async function describeMachine(): Promise<string> {
  const [load = 0] = loadavg();
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  return (
    `${processor}, ${availableParallelism()} cores, node ${process.version}; ` +
    `an fsync takes ${(await measureFsync()).toFixed(2)} ms; the load before is ${load.toFixed(1)}`
  );
}

/** Milliseconds for 1 KiB written and synced in the folder for temporary files; the median. */
async function measureFsync(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'leadwire-bench-'));
  const file = await open(join(folder, 'probe'), 'w');
  try {
    const times: number[] = [];
    for (let n = 0; n < SYNCS; n += 1) {
      const startedAt = performance.now();
      await file.write(Buffer.alloc(1_024));
      await file.sync();
      times.push(performance.now() - startedAt);
    }
    return medianOf(times);
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}
