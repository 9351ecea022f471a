/** What changes about once a month, such as an account's stages and fields: read once in a while. */

export interface Cached<T> {
  /** Errors are those of `read`; the next call reads again after one. */
  get(): Promise<T>;
  /** Something is not as we think: the next call reads again. */
  forget(): void;
}

/** Keeps what `read` gave for `freshMs` milliseconds; those who ask meanwhile share one reading. */
export function createCached<T>(
  read: () => Promise<T>,
  freshMs: number,
  now: () => number = Date.now,
): Cached<T> {
  let known: { value: Promise<T>; readAt: number } | undefined;
  return {
    get() {
      if (known && now() - known.readAt < freshMs) return known.value;
      const reading = { value: read(), readAt: now() };
      known = reading;
      reading.value.catch(() => {
        if (known === reading) known = undefined;
      });
      return reading.value;
    },
    forget() {
      known = undefined;
    },
  };
}
