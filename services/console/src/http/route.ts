/** Every page and action as a row: who may, and what is done. */
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Session } from '../auth/accounts.ts';
import type { Person } from '../data/person.ts';
import type { Html } from '../html.ts';

/** One request of somebody who works here and may make it. */
export interface Visit {
  person: Person;
  session: Session;
  /** The database as this person may see it. */
  client: SupabaseClient;
  /** Parts of the address. */
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** Fields of the form; one that may be chosen several times has several values. */
  form: URLSearchParams;
  /** Files that came with it, by their fields. */
  files: ReadonlyMap<string, File>;
}

/** What stands between the sections; the title is the browser's, so it names nobody. */
export interface Page {
  title: string;
  body: Html;
}

/** A page, where to go next, a file to keep, or a mail for a frame of ours: a document that may do nothing. */
export type Answer = Page | { goTo: string } | { file: string; name: string } | { frame: string };

export interface Route {
  method: 'GET' | 'POST';
  /** As Fastify writes it: `/leads/:id`. */
  path: string;
  roles: readonly StaffRole[];
  /** Bytes of a form, where a list comes with it. */
  largestForm?: number;
  handle(visit: Visit): Promise<Answer> | Answer;
}

/** There is no such thing, or this person may not know of it. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}
