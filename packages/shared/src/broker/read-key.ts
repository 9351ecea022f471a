/**
 * What stands under a key of a bucket, from the stream's leader. As the client's own `KV.get`, which makes an error with its
 * stack of each key that is not there, and takes the answer apart twice: a due mail asks for five keys, of which three
 * are usually not there.
 */
import type { KvEntry, NatsConnection } from 'nats';
import { validateKey } from 'nats/lib/jetstream/kv.js';
import { NO_MESSAGE } from './error-codes.ts';

const TIMEOUT_MS = 5_000;
const OPERATION = /^KV-Operation: *(DEL|PURGE)/im;

/** The API's answer (ADR-1); bytes are Base64. */
interface Answer {
  message?: { seq: number; hdrs?: string; data?: string; time: string };
  error?: { err_code?: number; description?: string };
}

/** Null when nothing ever stood there. @throws when the key is none, the broker refuses or does not answer */
export async function readKeyOf(
  connection: NatsConnection,
  bucket: string,
  key: string,
): Promise<KvEntry | null> {
  validateKey(key);
  const query = JSON.stringify({ last_by_subj: `$KV.${bucket}.${key}` });
  const options = { timeout: TIMEOUT_MS };
  const answer = await connection.request(`$JS.API.STREAM.MSG.GET.KV_${bucket}`, query, options);
  const { message, error } = answer.json<Answer>();
  if (message) return toEntry(bucket, key, message);
  if (error?.err_code === NO_MESSAGE) return null;
  throw Object.assign(new Error(error?.description ?? 'no message'), { api_error: error });
}

function toEntry(
  bucket: string,
  key: string,
  { seq, hdrs = '', data = '', time }: NonNullable<Answer['message']>,
): KvEntry {
  const value = Buffer.from(data, 'base64');
  const [, operation = 'PUT'] = OPERATION.exec(Buffer.from(hdrs, 'base64').toString()) ?? [];
  return {
    bucket,
    key,
    value,
    revision: seq,
    created: new Date(time),
    operation: operation.toUpperCase() as KvEntry['operation'],
    length: value.length,
    json: <T>() => JSON.parse(value.toString()) as T,
    string: () => value.toString(),
  };
}
