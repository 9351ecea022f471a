/**
 * AmoCRM over HTTP (https://www.amocrm.ru/developers/content/crm_platform/api-reference): one request
 * at a time, its turn of the shared limit before it, its answer as JSON or as one of the errors of
 * errors.ts after it. It knows no entities; tokens come from outside.
 */
import axios, { isAxiosError, type AxiosResponse } from 'axios';
import { z } from 'zod';
import {
  AmbiguousError,
  ChannelStoppedError,
  PermanentError,
  TransientError,
} from '../../errors.ts';
import type { Limiter } from '../../coordination/rate-limiter.ts';
import type { CallContext, TrackCall } from '../call-log.ts';
import { noAnswerError } from '../http.ts';

/** The vendor's own library gives up after 20 seconds in all. */
const TIMEOUT_MS = 20_000;
/** A 429 without a body says nothing about how long; theirs with one say 300 seconds. */
const TOO_OFTEN_MS = 5_000;
/** Whatever a 429 says, after this long it is tried again. */
const LONGEST_PAUSE_MS = 15 * 60_000;
/** The path of one deal or contact, and of what hangs on it; every other path is there or never was. */
const ENTITY_PATH = /^\/api\/v4\/[a-z]+\/\d+(\/|$)/;

/** What stops; one alert about it, whoever notices. */
export const AMOCRM_STOPPED = 'amocrm_stopped';

/** One field that AmoCRM refused: `custom_fields_values.0.field_id`, `NotSupportedChoice`. */
export interface RefusedField {
  path: string;
  code: string;
}

/** The data was refused (400): `fields` says which part of it, as far as AmoCRM says so. */
export class RefusedError extends PermanentError {
  override readonly name = 'RefusedError';
  readonly fields: readonly RefusedField[];

  constructor(message: string, fields: readonly RefusedField[]) {
    super('amocrm_400', message);
    this.fields = fields;
  }
}

/** The deal or contact that the request names is not there (any more). */
export class GoneError extends PermanentError {
  override readonly name = 'GoneError';
}

export interface AmoRequest {
  /** For the log of integrations: `amocrm.<action>`. */
  action: string;
  context?: CallContext;
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  query?: Record<string, string>;
  /** A function is asked for it after `atTurn`. */
  body?: unknown;
  /** A create that is repeated makes a second one, so a failure that may have been a success is ambiguous. */
  isCreate?: boolean;
  /** Called when it is our turn, right before the request leaves; when it throws, nothing leaves. */
  atTurn?: () => Promise<void>;
}

/** Where the access token comes from. */
export interface AccessTokens {
  /** @throws ChannelStoppedError when there is none to be had without a person. */
  current(): Promise<string>;
  /** Another one instead of `refused`, which AmoCRM does not take. @throws as `current`. */
  renew(refused: string): Promise<string>;
}

/** Remembers for all processes that AmoCRM has shut us out. */
export interface Blockade {
  /**
   * True for the one request that probes whether it is over, false when there is none.
   * @throws ChannelStoppedError while it holds.
   */
  check(): Promise<boolean>;
  raise(): Promise<ChannelStoppedError>;
  /** The probe was answered as usual. */
  clear(): Promise<void>;
}

export interface AmoTransport {
  /** One request without a retry; 4xx answers are returned, everything else that failed is thrown. */
  send(request: AmoRequest, token: string | undefined): Promise<Answer>;
}

export interface Answer {
  status: number;
  /** Undefined when the body is empty or not JSON. */
  json: unknown;
}

export interface AmoTransportOptions {
  baseUrl: string;
  limiter: Pick<Limiter, 'acquire' | 'pauseFor'>;
  track: TrackCall;
  blockade: Blockade;
  timeoutMs?: number;
}

/** Sends, paces and classifies what has nothing to do with the request itself: limits, blocks, outages. */
export function createAmoTransport(options: AmoTransportOptions): AmoTransport {
  const { limiter, track, blockade, timeoutMs = TIMEOUT_MS } = options;
  const http = axios.create({
    baseURL: options.baseUrl,
    timeout: timeoutMs,
    // Decided below; a redirect would be a login page.
    validateStatus: () => true,
    maxRedirects: 0,
    responseType: 'text',
    transformResponse: (body: string) => body,
  });

  const classify = async (
    request: AmoRequest,
    response: AxiosResponse<string>,
    isProbe: boolean,
  ): Promise<Answer> => {
    const { status } = response;
    const json = readJson(response.data);
    const detail = `AmoCRM: HTTP ${status} for ${request.action}`;
    if (status === 429) {
      const retryAfterMs = retryAfter(json);
      await limiter.pauseFor(retryAfterMs);
      throw new TransientError(detail, { retryAfterMs, outage: true });
    }
    // An HTML page from their front end: the whole integration is shut out, whatever is asked.
    if (status === 403 && json === undefined) throw await blockade.raise();
    // Only by the probe: what left before the block and is answered after it says nothing. When it cannot
    // be noted the next probe will do it; the answer counts all the same.
    if (isProbe) await blockade.clear().catch(() => undefined);
    if (status >= 500) throw uncertain(request, detail);
    if (status >= 300 && status < 400) throw wrongAddress(`${detail}: another address`);
    // 401 has its own way, whatever its body is.
    const isReadable = json !== undefined || status === 204 || status === 401;
    if (!isReadable) throw uncertain(request, `${detail}, an answer that is not theirs`);
    return { status, json };
  };

  return {
    async send(request, token) {
      const { method, path, query, body, action, context = {} } = request;
      await limiter.acquire();
      const isProbe = await blockade.check();
      await request.atTurn?.();
      return track(`amocrm.${action}`, context, async () => {
        const response = await http
          .request<string>({
            method,
            url: path,
            ...(query && { params: new URLSearchParams(query) }),
            ...(body !== undefined && { data: isLate(body) ? body() : body }),
            // Its own timeout is one of silence: an answer that trickles would take for ever.
            signal: AbortSignal.timeout(timeoutMs),
            headers: {
              'content-type': 'application/json',
              ...(token !== undefined && { authorization: `Bearer ${token}` }),
            },
          })
          .catch((thrown: unknown) => {
            throw networkError(request, thrown);
          });
        const answer = await classify(request, response, isProbe);
        const problem = problemOf(request, answer);
        // Thrown inside, so that the log of integrations tells of it; 401 is the tokens' matter.
        if (problem && answer.status !== 401 && token !== undefined) throw problem;
        return answer;
      });
    },
  };
}

function isLate(body: unknown): body is () => unknown {
  return typeof body === 'function';
}

export interface AmoHttp {
  /**
   * The answer's JSON; undefined for "nothing found" (204).
   * @throws RefusedError and PermanentError for this request; TransientError, AmbiguousError (creates
   * only) when AmoCRM fails; ChannelStoppedError for token, account and rights.
   */
  request(request: AmoRequest): Promise<unknown>;
}

/** Requests with an access token; one that is refused is renewed once. */
export function createAmoHttp(transport: AmoTransport, tokens: AccessTokens): AmoHttp {
  return {
    async request(request) {
      const token = await tokens.current();
      let answer = await transport.send(request, token);
      if (answer.status === 401) {
        answer = await transport.send(request, await tokens.renew(token));
      }
      if (answer.status === 401) {
        throw new ChannelStoppedError(
          'AmoCRM does not take a token that is new: check the integration',
          {
            what: AMOCRM_STOPPED,
          },
        );
      }
      return answer.json;
    },
  };
}

/** What a status of 400 and more says about this request. */
function problemOf(request: AmoRequest, { status, json }: Answer): Error | undefined {
  if (status < 400) return undefined;
  const what = AMOCRM_STOPPED;
  switch (status) {
    case 400:
      return refused(request, json);
    case 402:
      return new ChannelStoppedError('AmoCRM: the subscription has ended (402)', { what });
    case 403:
      return new ChannelStoppedError(
        `AmoCRM: no rights for ${request.action} (403): the user who connected it needs them`,
        { what },
      );
    case 404: {
      const detail = `AmoCRM: HTTP 404 for ${request.action}`;
      return ENTITY_PATH.test(request.path)
        ? new GoneError('amocrm_404', detail)
        : wrongAddress(detail);
    }
    default:
      return new PermanentError(`amocrm_${status}`, `AmoCRM: HTTP ${status} for ${request.action}`);
  }
}

/** Every request would end like this one, so none is given up. */
function wrongAddress(detail: string): ChannelStoppedError {
  return new ChannelStoppedError(
    `${detail}: is AMOCRM_BASE_URL still the address of the account?`,
    {
      what: AMOCRM_STOPPED,
    },
  );
}

const validationSchema = z.object({
  detail: z.string().optional(),
  'validation-errors': z
    .array(z.object({ errors: z.array(z.object({ code: z.string(), path: z.string() })) }))
    .default([]),
});

/** Codes and paths only: `detail` may quote what a person typed. */
function refused({ action }: AmoRequest, json: unknown): RefusedError {
  const read = validationSchema.safeParse(json);
  const fields = read.success ? read.data['validation-errors'].flatMap(({ errors }) => errors) : [];
  const detail = fields.map(({ path, code }) => `${path} (${code})`).join(', ');
  return new RefusedError(`AmoCRM: 400 for ${action}: ${detail || 'no field named'}`, fields);
}

function uncertain({ isCreate }: AmoRequest, message: string): TransientError {
  return isCreate
    ? new AmbiguousError(message, { outage: true })
    : new TransientError(message, { outage: true });
}

function networkError(request: AmoRequest, thrown: unknown): Error {
  const code = isAxiosError(thrown) ? thrown.code : undefined;
  return noAnswerError('AmoCRM', code, (text) =>
    uncertain(request, `${text} for ${request.action}`),
  );
}

const pauseSchema = z.object({ retry_after: z.coerce.number().positive() });

/** Milliseconds. Their documented body says seconds; in practice there is often an HTML page instead. */
function retryAfter(json: unknown): number {
  const read = pauseSchema.safeParse(json);
  return read.success ? Math.min(read.data.retry_after * 1_000, LONGEST_PAUSE_MS) : TOO_OFTEN_MS;
}

function readJson(body: string): unknown {
  if (typeof body !== 'string' || body.trim() === '') return undefined;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
