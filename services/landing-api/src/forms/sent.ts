/** What a form's sender posted, before and after its dialect is understood. */
import type { IncomingHttpHeaders } from 'node:http';
import type { OurField } from '@leadwire/shared/contract/intake-forms';

/** One request to a form's address. */
export interface Post {
  /** As it was sent: signatures are over these bytes. */
  raw: Buffer;
  contentType: string;
  headers: IncomingHttpHeaders;
  /** The address' query without the secret; its fields come after those of the body. */
  query: Record<string, unknown>;
  /** The body as an object, or undefined when it cannot be read as one. */
  body: Record<string, unknown> | undefined;
}

/** One value with every name that its sender has for it: id, label, reference. */
export interface SentField {
  names: string[];
  value: unknown;
  /** What the sender says that it is, when its format has types. */
  as?: OurField;
}

/** A post in which the sender's own wrapping is undone. */
export interface Sent {
  fields: SentField[];
  /** The sender's own id of the submission, the same whenever it is sent again. */
  id?: string | undefined;
  /** The sender tries the address out: no lead. */
  isTest?: boolean;
  /** What the sender says about the form and the page, not the person. */
  meta?: Record<string, unknown>;
  /** Tags that hold when the post brings none: an ad platform's leads come from that platform. */
  utm?: Record<string, string>;
  /** What an ad platform says of the ad. */
  ad?: Record<string, string>;
}
