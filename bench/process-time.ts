/** What a process has used of the processor, where Linux tells it. */
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
