/** Who acts, as the audit log shows them: somebody with a terminal has no other name. */
import { userInfo } from 'node:os';

/** `cli:<user of the machine>`. */
export function actorHere(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // A container may run under a number that has no name.
    return `cli:uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
