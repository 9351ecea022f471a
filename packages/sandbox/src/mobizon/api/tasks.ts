import type { Clock } from '../../world/clock.ts';
import { MobizonError, type MobizonResult } from './envelope.ts';
import { required } from './form.ts';
import type { Method } from './method.ts';

type Task = { startedAt: number; endsAt: number; failed: boolean };

/** Background tasks behind code 100, in memory: a restart loses them as it would lose a queue's workers. */
export function createTasks(clock: Clock) {
  const tasks = new Map<string, Task>();
  let next = 50_001;
  return {
    /** Starts `work` and answers code 100 with the task's id. */
    start(ms: number, work: () => void): MobizonResult {
      const id = String(next++);
      const task = { startedAt: clock.now(), endsAt: clock.now() + ms, failed: false };
      tasks.set(id, task);
      clock.schedule(task.endsAt, () => {
        try {
          work();
        } catch (error) {
          if (!(error instanceof MobizonError)) throw error;
          task.failed = true;
        }
      });
      return { code: 100, data: id };
    },
    /** Progress 0..100 and status 0 waiting, 1 running, 2 done, 3 rejected; undefined for an unknown id. */
    status(id: string): { progress: number; status: number } | undefined {
      const task = tasks.get(id);
      if (task === undefined) return undefined;
      const length = Math.max(task.endsAt - task.startedAt, 1);
      const progress = Math.min(Math.floor(((clock.now() - task.startedAt) / length) * 100), 100);
      if (task.failed) return { progress, status: 3 };
      return { progress, status: progress === 100 ? 2 : progress === 0 ? 0 : 1 };
    },
    reset(): void {
      tasks.clear();
    },
  };
}

/** `taskqueue/getStatus`: asked for more than once a second it answers code 30 (the provider sees to it). */
export const getTaskStatus: Method = (params, { tasks }) => {
  const status = tasks.status(required(params, 'id'));
  if (status === undefined) throw new MobizonError(2);
  return { code: 0, data: status };
};
