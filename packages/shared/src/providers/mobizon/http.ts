/**
 * Mobizon's HTTP (https://mobizon.kz/help/api-docs): a form in, an envelope out. Their errors come with
 * status 200 and a code; any other status comes from something in between.
 */
import axios, { isAxiosError } from 'axios';
import { z } from 'zod';
import { AmbiguousError } from '../../errors.ts';
import type { Limiter } from '../../coordination/rate-limiter.ts';
import { noAnswerError } from '../http.ts';

const TIMEOUT_MS = 15_000;
/** Code 30 comes without a hint how long to wait. */
export const TOO_OFTEN_MS = 5_000;

/** Numbers often arrive as strings: what is read is read tolerantly. */
const envelopeSchema = z.object({ code: z.coerce.number().int(), data: z.unknown() });
export type Envelope = z.infer<typeof envelopeSchema>;

export interface MobizonHttpOptions {
  apiKey: string;
  baseUrl: string;
  limiter: Pick<Limiter, 'pauseFor'>;
  timeoutMs?: number;
}

/** One call, `module/method`; parameters in PHP's brackets. */
export interface MobizonHttp {
  /**
   * Whatever code it has. Code 30 also makes everybody who shares the account wait.
   * @throws TransientError when it cannot have arrived; AmbiguousError when it may have.
   */
  call(path: string, params: Record<string, string>): Promise<Envelope>;
}

export function createMobizonHttp(options: MobizonHttpOptions): MobizonHttp {
  const { limiter, timeoutMs = TIMEOUT_MS } = options;
  const http = axios.create({
    baseURL: options.baseUrl,
    timeout: timeoutMs,
    // Decided below.
    validateStatus: () => true,
    responseType: 'text',
    transformResponse: (body: string) => body,
  });

  return {
    async call(path, params) {
      // The key travels in the body: addresses end up in access logs.
      const form = new URLSearchParams({
        apiKey: options.apiKey,
        api: 'v1',
        output: 'json',
        ...params,
      });
      const answer = await http.post<string>(`/service/${path}`, form).catch((thrown: unknown) => {
        throw noAnswerError('Mobizon', isAxiosError(thrown) ? thrown.code : undefined);
      });
      const envelope = readEnvelope(answer.status, answer.data);
      if (envelope.code === 30) await limiter.pauseFor(TOO_OFTEN_MS);
      return envelope;
    },
  };
}

export type CodeMeaning = 'stopped' | 'again' | 'refused' | 'ambiguous';

/** Codes of the envelope (https://mobizon.kz/help/api-docs/sms-api, "API response codes"). */
const MEANING: Readonly<Record<number, CodeMeaning>> = {
  1: 'refused',
  2: 'refused',
  3: 'ambiguous',
  // Wrong module, method, format or parameters: our own mistake, mended by an update, not by dropping SMS.
  4: 'stopped',
  5: 'stopped',
  6: 'stopped',
  8: 'stopped',
  9: 'stopped',
  10: 'again',
  11: 'stopped',
  12: 'refused',
  13: 'stopped',
  14: 'stopped',
  15: 'refused',
  30: 'again',
  999: 'ambiguous',
};

/** What a code other than 0 says; one that is not documented may mean that it happened. */
export function meaningOf(code: number): CodeMeaning {
  return MEANING[code] ?? 'ambiguous';
}

function readEnvelope(status: number, body: string): Envelope {
  if (status >= 200 && status < 300) {
    try {
      return envelopeSchema.parse(JSON.parse(body));
    } catch {
      throw new AmbiguousError('Mobizon: an answer that is not theirs', { outage: true });
    }
  }
  throw new AmbiguousError(`Mobizon: HTTP ${status}`, { outage: true });
}
