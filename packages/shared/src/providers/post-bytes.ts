/**
 * A POST of a body that is bytes already. `fetch` copies such a body several times, and what it copies is memory outside of
 * the heap: with 2.5 MB a call, V8 went through the whole heap for every fifth one.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

export interface PostOptions {
  headers: Record<string, string>;
  /** For all of it, until the last byte of the answer. */
  timeoutMs: number;
}

export interface PostAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
}

/**
 * Resolves with the answer, whatever its status; redirections are not followed.
 * @throws whatever Node says about the connection, and the AbortError of a call that took too long
 */
export async function postBytes(
  url: string,
  body: Uint8Array,
  { headers, timeoutMs }: PostOptions,
): Promise<PostAnswer> {
  const { request } = url.startsWith('https:') ? https : http;
  const sent = request(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': body.length },
    signal: AbortSignal.timeout(timeoutMs),
  });
  // Also of a connection that breaks after the answer has begun: the answer's own end tells about it.
  sent.on('error', () => undefined);
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: await text(response),
  };
}
