/** What a process uses of the machine, where Linux tells it. */
import { readFileSync } from 'node:fs';

/** USER_HZ of Linux: ticks of a second in /proc (man 5 proc_pid_stat). */
const TICKS = 100;

/** Seconds since its start, in user mode and in the kernel; NaN on a system without /proc. */
export function processorSecondsOf(pid: number | undefined): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in brackets, may have spaces in it: the fields are counted after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return NaN;
  }
}

/** Megabytes that it holds in memory at this moment (VmRSS, man 5 proc_pid_status); NaN on a system without /proc. */
export function megabytesOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_024;
  } catch {
    return NaN;
  }
}
