/** A message before it is the client's. */
import { headers as createHeaders, type MsgHdrs } from 'nats';

export interface Outgoing {
  subject: string;
  payload: string | Uint8Array;
  headers: Record<string, string>;
}

export function toHeaders(entries: Record<string, string>): MsgHdrs {
  const result = createHeaders();
  for (const [key, value] of Object.entries(entries)) result.set(key, value);
  return result;
}
