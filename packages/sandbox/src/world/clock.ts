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
  return new VirtualClock(options.offset ?? 0, options.onError);
}

/** Its functions are fields, because they are handed around on their own. */
class VirtualClock implements Clock {
  #ahead: number;
  #frozenAt: number | null = null;
  /** Sorted by time. */
  #tasks: Task[] = [];
  #timer: NodeJS.Timeout | undefined;
  #advancing: Promise<void> = Promise.resolve();
  readonly #onError: (error: unknown) => void;

  constructor(ahead: number, onError: (error: unknown) => void) {
    this.#ahead = ahead;
    this.#onError = onError;
  }

  now = (): number => this.#frozenAt ?? Date.now() + this.#ahead;
  offset = (): number => this.now() - Date.now();
  isFrozen = (): boolean => this.#frozenAt !== null;

  schedule: Clock['schedule'] = (at, run) => {
    const place = placeAfter(this.#tasks, at);
    this.#tasks.splice(place, 0, { at, run });
    if (place === 0) this.#arm();
  };

  wait = (ms: number): Promise<void> =>
    new Promise((resolve) => this.schedule(this.now() + ms, resolve));

  advance = (ms: number): Promise<void> => {
    this.#advancing = this.#advancing.then(() => this.#advanceBy(ms));
    return this.#advancing;
  };

  setFrozen = (frozen: boolean): void => {
    if (frozen) this.#frozenAt ??= this.now();
    else if (this.#frozenAt !== null) {
      this.#ahead = this.#frozenAt - Date.now();
      this.#frozenAt = null;
    }
    this.#arm();
  };

  reset = (): void => {
    this.#ahead = 0;
    this.#frozenAt = null;
    this.#tasks = [];
    this.#arm();
  };

  /** Sets the real timer for the next task; a frozen clock has none. */
  #arm(): void {
    clearTimeout(this.#timer);
    const [first] = this.#tasks;
    if (first === undefined || this.#frozenAt !== null) return;
    const delay = Math.min(Math.max(first.at - this.now(), 0), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => this.#runDue(), delay);
    this.#timer.unref();
  }

  #runDue(): void {
    for (let task = this.#takeDue(this.now()); task; task = this.#takeDue(this.now())) {
      void this.#run(task);
    }
    this.#arm();
  }

  async #advanceBy(ms: number): Promise<void> {
    const target = this.now() + ms;
    for (let task = this.#takeDue(target); task; task = this.#takeDue(target)) {
      this.#moveTo(task.at);
      await this.#run(task);
    }
    this.#moveTo(target);
    this.#arm();
  }

  #takeDue(until: number): Task | undefined {
    const [first] = this.#tasks;
    return first !== undefined && first.at <= until ? this.#tasks.shift() : undefined;
  }

  #moveTo(at: number): void {
    if (at <= this.now()) return;
    if (this.#frozenAt === null) this.#ahead = at - Date.now();
    else this.#frozenAt = at;
  }

  async #run(task: Task): Promise<void> {
    try {
      await task.run();
    } catch (error) {
      this.#onError(error);
    }
  }
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
