/**
 * The newest message under one subject, from any copy of the stream (ADR-31). The subject is part of the request's own,
 * so the broker's rights can say which may be read; wildcards are possible.
 */
import type { MsgHdrs, NatsConnection } from 'nats';

const TIMEOUT_MS = 5_000;
const NOT_FOUND = 404;

export interface DirectMessage {
  subject: string;
  seq: number;
  headers: MsgHdrs;
  json(): unknown;
}

/** Undefined when nothing is under the subject. @throws when the broker refuses or does not answer */
export async function readDirectly(
  connection: NatsConnection,
  stream: string,
  subject: string,
): Promise<DirectMessage | undefined> {
  const request = `$JS.API.DIRECT.GET.${stream}.${subject}`;
  const answer = await connection.request(request, undefined, { timeout: TIMEOUT_MS });
  const { headers } = answer;
  if (headers === undefined || headers.code === NOT_FOUND) return undefined;
  if (headers.code >= 400) throw new Error(`${stream}: ${headers.code} ${headers.description}`);
  return {
    subject: headers.get('Nats-Subject'),
    seq: Number(headers.get('Nats-Sequence')),
    headers,
    json: () => answer.json(),
  };
}
