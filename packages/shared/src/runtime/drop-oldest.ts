/** What a map and a set have in common. Both keep their keys in the order in which they came. */
interface Kept<Key> {
  readonly size: number;
  keys(): Iterable<Key>;
  delete(key: Key): boolean;
}

/** Lets go of what came first until at most `most` are left: for what a process remembers and would else only grow. */
export function dropOldest<Key>(kept: Kept<Key>, most: number): void {
  for (const key of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(key);
  }
}
