/** How one sender's posts are told apart and read. */
import type { Post, Sent } from './sent.ts';

export interface DialectReader {
  fits(post: Post, body: Record<string, unknown>): boolean;
  read(body: Record<string, unknown>): Sent;
}
