/** The sandbox's own clock: it runs with the real one, and a test can push it hours ahead or stop it. */
export type Clock = {
  /** Milliseconds since 1970 on the virtual clock. */
  now: () => number;
  /** Runs `run` when the clock reaches `at`, after everything that was scheduled for that moment before. */
  schedule: (at: number, run: () => void | Promise<void>) => void;
  /** Resolves after `ms` virtual milliseconds. */
  wait: (ms: number) => Promise<void>;
  /** Moves ahead by `ms`, running everything that falls due on the way, in order, and waiting for it. */
  advance: (ms: number) => Promise<void>;
  /** A frozen clock moves only through `advance`. */
  setFrozen: (frozen: boolean) => void;
  isFrozen: () => boolean;
  /** Virtual minus real time, in milliseconds. */
  offset: () => number;
  /** Back to real time; everything scheduled is forgotten. */
  reset: () => void;
};

type Task = { at: number; run: () => void | Promise<void> };

/** Node fires a timer at once when its delay does not fit into 31 bits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Starts a clock `offset` milliseconds ahead of real time.
 * `onError` hears what a scheduled task threw: there is nobody else to tell.
 */
export function createClock(options: {
  offset?: number;
  onError: (error: unknown) => void;
}): Clock {
  let offset = options.offset ?? 0;
  let frozenAt: number | null = null;
  let tasks: Task[] = [];
  let timer: NodeJS.Timeout | undefined;
  let advancing: Promise<void> = Promise.resolve();

  const now = (): number => frozenAt ?? Date.now() + offset;
  const runTask = async (task: Task): Promise<void> => {
    try {
      await task.run();
    } catch (error) {
      options.onError(error);
    }
  };
  const takeDue = (until: number): Task | undefined => {
    const first = tasks[0];
    return first !== undefined && first.at <= until ? tasks.shift() : undefined;
  };
  const arm = (): void => {
    clearTimeout(timer);
    const first = tasks[0];
    if (first === undefined || frozenAt !== null) return;
    timer = setTimeout(
      () => {
        for (let task = takeDue(now()); task; task = takeDue(now())) void runTask(task);
        arm();
      },
      Math.min(Math.max(first.at - now(), 0), LONGEST_TIMER_MS),
    );
    timer.unref();
  };
  const moveTo = (at: number): void => {
    if (at <= now()) return;
    if (frozenAt === null) offset = at - Date.now();
    else frozenAt = at;
  };
  const advanceBy = async (ms: number): Promise<void> => {
    const target = now() + ms;
    for (let task = takeDue(target); task; task = takeDue(target)) {
      moveTo(task.at);
      await runTask(task);
    }
    moveTo(target);
    arm();
  };

  const schedule: Clock['schedule'] = (at, run) => {
    const place = placeAfter(tasks, at);
    tasks.splice(place, 0, { at, run });
    if (place === 0) arm();
  };

  return {
    now,
    schedule,
    wait: (ms) => new Promise((resolve) => schedule(now() + ms, resolve)),
    advance: (ms) => {
      advancing = advancing.then(() => advanceBy(ms));
      return advancing;
    },
    setFrozen: (frozen) => {
      if (frozen) frozenAt ??= now();
      else if (frozenAt !== null) {
        offset = frozenAt - Date.now();
        frozenAt = null;
      }
      arm();
    },
    isFrozen: () => frozenAt !== null,
    offset: () => now() - Date.now(),
    reset: () => {
      offset = 0;
      frozenAt = null;
      tasks = [];
      arm();
    },
  };
}

/** Where a task due at `at` belongs: behind all that are due no later. */
function placeAfter(tasks: Task[], at: number): number {
  let [low, high] = [0, tasks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tasks[middle]?.at ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}
