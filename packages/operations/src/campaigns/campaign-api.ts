/** Campaigns by mailer-batch's HTTP API, which writes each change into the audit log. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { cleanLine } from '@leadwire/shared/contacts/clean-text';
import type { SegmentFilter } from '@leadwire/shared/contract/segments';
import {
  campaignSchema,
  count,
  countedSchema,
  countedSegmentSchema,
  previewSchema,
  segmentSchema,
  subjectTestSchema,
  summarySchema,
  templatesSchema,
  testsSchema,
  type SegmentView,
  type CampaignView,
} from './campaign-view.ts';
import { CampaignError } from './campaign-error.ts';
import { sequenceApi } from './sequence-api.ts';

const PATIENCE_MS = 20_000;
/** As mailer-batch reads it (services/mailer-batch/src/api/audit.ts). */
const ACTOR_HEADER = 'x-leadwire-actor';
/** Of what somebody else wrote. */
const MOST_QUOTED = 500;
/** A list of 20 MB is checked and stored within seconds, on a slow machine within minutes. */
const UPLOAD_PATIENCE_MS = 5 * 60_000;
/** A lost answer is asked for again after these waits. */
const ASK_AGAIN_MS = [500, 2_000, 5_000] as const;

/** People who are left out: a screenful first, the rest when it is wanted. */
const FIRST_PAGE = 100;
const NEXT_PAGE = 1_000;

const BOM = '\ufeff';

const problemSchema = z.object({
  error: z.string(),
  issues: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
});

export type CampaignApi = ReturnType<typeof connectCampaigns>;

export interface CampaignAccess {
  /** Where mailer-batch answers, without a slash at its end. */
  url: string;
  /** The ADMIN_TOKEN that it runs with. */
  token: string | undefined;
  /** Who asks, for the audit log. */
  actor: string;
}

/** All throw CampaignError, with the service's own words when it refuses. */
export function connectCampaigns({ url, token, actor }: CampaignAccess) {
  const ask = async (path: string, init: RequestInit = {}, ms = PATIENCE_MS): Promise<string> => {
    if (token === undefined) throw await whyNoToken(url);
    const headers = {
      authorization: `Bearer ${token}`,
      [ACTOR_HEADER]: actor,
      ...init.headers,
    };
    const signal = AbortSignal.timeout(ms);
    const { ok, status, text } = await fetch(url + path, { ...init, headers, signal })
      // Also an answer that breaks off is none.
      .then(async (response) => ({
        ok: response.ok,
        status: response.status,
        text: await response.text(),
      }))
      .catch((thrown: unknown) => {
        throw noAnswer(url, thrown);
      });
    if (ok) return text;
    // Its database or its broker is away, or it is starting: it asks to be asked again.
    if (status === 503) {
      throw new CampaignError('no_answer', `mailer-batch: ${problemIn(status, text)}`);
    }
    if (status === 401) {
      throw new CampaignError('bad_token', 'mailer-batch does not take this ADMIN_TOKEN.');
    }
    throw new CampaignError('refused', problemIn(status, text));
  };

  const json = async (path: string, init?: RequestInit, ms?: number): Promise<unknown> =>
    JSON.parse(await ask(path, init, ms));

  const post = (path: string, body?: unknown, ms?: number): Promise<unknown> => {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { headers, body: JSON.stringify(body) };
    return json(path, { method: 'POST', ...init }, ms);
  };

  /** May be done twice without harm: the key makes it one. */
  const postOnce = async (path: string, body: unknown, ms?: number): Promise<unknown> => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    for (const wait of ASK_AGAIN_MS) {
      try {
        return await json(path, init, ms);
      } catch (thrown) {
        if (!isLost(thrown)) throw thrown;
        await delay(wait);
      }
    }
    return json(path, init, ms);
  };

  const send = (method: 'PATCH' | 'PUT', path: string, body: object, ms?: number) => {
    const headers = { 'content-type': 'application/json' };
    return json(path, { method, headers, body: JSON.stringify(body) }, ms);
  };

  const segments = async () =>
    z.object({ segments: z.array(segmentSchema) }).parse(await json('/api/segments')).segments;

  const campaignIn = (answer: unknown): CampaignView =>
    z.object({ campaign: campaignSchema }).parse(answer).campaign;
  const testIn = (answer: unknown) =>
    z.object({ test: subjectTestSchema.nullable() }).parse(answer).test;
  const taken = (answer: unknown) =>
    z.object({ campaign: campaignSchema, preview: countedSchema }).parse(answer);

  return {
    url,
    create: async (draft: object) =>
      taken(await postOnce('/api/campaigns', draft, UPLOAD_PATIENCE_MS)),
    list: async (limit: number) =>
      z
        .object({ campaigns: z.array(campaignSchema) })
        .parse(await json(`/api/campaigns?limit=${limit}`)).campaigns,
    /** The newest ones whose id begins so. */
    find: async (prefix: string, limit: number) =>
      z
        .object({ campaigns: z.array(campaignSchema) })
        .parse(await json(`/api/campaigns?idPrefix=${prefix}&limit=${limit}`)).campaigns,
    get: async (id: string) => campaignIn(await json(`/api/campaigns/${id}`)),
    preview: async (id: string, after = 0) =>
      previewSchema.parse(
        await json(
          `/api/campaigns/${id}/preview?after=${after}&limit=${after === 0 ? FIRST_PAGE : NEXT_PAGE}`,
          {},
          UPLOAD_PATIENCE_MS,
        ),
      ),
    page: (id: string) => ask(`/api/campaigns/${id}/preview?format=html`),
    test: async (id: string, to: readonly string[]) =>
      z
        .object({ results: testsSchema })
        .parse(await postOnce(`/api/campaigns/${id}/test`, { to }, UPLOAD_PATIENCE_MS)).results,
    start: async (id: string, confirm: number) =>
      campaignIn(await post(`/api/campaigns/${id}/start`, { confirm }, UPLOAD_PATIENCE_MS)),
    /** `pause`, `resume` or `cancel`. */
    move: async (id: string, to: string) => campaignIn(await post(`/api/campaigns/${id}/${to}`)),
    retry: async (id: string, unknownToo: boolean) => {
      const answer = await post(`/api/campaigns/${id}/retry`, { unknownToo }, UPLOAD_PATIENCE_MS);
      return z.object({ people: count, campaign: campaignSchema }).parse(answer);
    },
    setRate: async (id: string, ratePerSecond: number | null) =>
      campaignIn(await send('PATCH', `/api/campaigns/${id}`, { ratePerSecond })),
    /** With the draft's `changedAt` a change of somebody else meanwhile is a refusal. */
    change: async (id: string, changes: object) =>
      campaignIn(await send('PATCH', `/api/campaigns/${id}`, changes)),
    /** The list of a draft, in place of the one before. */
    setAudience: async (id: string, audience: object, exclude?: readonly string[]) =>
      taken(
        await send(
          'PUT',
          `/api/campaigns/${id}/audience`,
          { audience, ...(exclude && { exclude }) },
          UPLOAD_PATIENCE_MS,
        ),
      ),
    copy: async (id: string) =>
      campaignIn(await post(`/api/campaigns/${id}/copy`, {}, UPLOAD_PATIENCE_MS)),
    /** A draft for those who got it and did not open it. */
    resend: async (id: string) =>
      campaignIn(await post(`/api/campaigns/${id}/resend`, {}, UPLOAD_PATIENCE_MS)),
    /** The test of subjects that a campaign is a part of. */
    subjects: async (id: string) => testIn(await json(`/api/campaigns/${id}/subjects`)),
    /** Starts a draft with two subjects or texts; `confirm` is everybody who is written to in the end. */
    trySubjects: async (
      id: string,
      test: {
        /** Either two subjects, or the names of two texts. */
        subjects?: readonly [string, string];
        templates?: readonly [string, string];
        sharePercent?: number;
        waitHours?: number;
        confirm: number;
      },
    ) => testIn(await post(`/api/campaigns/${id}/subjects`, test, UPLOAD_PATIENCE_MS)),
    remove: async (id: string): Promise<void> => {
      await ask(`/api/campaigns/${id}`, { method: 'DELETE' });
    },
    templates: async () =>
      z.object({ templates: templatesSchema }).parse(await json('/api/templates')).templates,
    /** Sums of the report beside the counts. */
    summary: async (id: string) =>
      z.object({ summary: summarySchema }).parse(await json(`/api/campaigns/${id}/report?limit=1`))
        .summary,
    sequences: sequenceApi({
      json,
      post,
      send,
      remove: (path) => json(path, { method: 'DELETE' }),
    }),
    segments,
    /** By its name, in any case; undefined when there is none. */
    findSegment: async (name: string) =>
      (await segments()).find((each) => each.name.toLowerCase() === name.trim().toLowerCase()),
    countSegment: async (filter: SegmentFilter, channel: 'email' | 'sms') =>
      countedSegmentSchema.parse(await post('/api/segments/count', { filter, channel })),
    /** `known`: the one that is changed, as it was read. */
    saveSegment: async (name: string, filter: SegmentFilter, known?: SegmentView) => {
      const answer = known
        ? send('PUT', `/api/segments/${known.id}`, { name, filter, changedAt: known.changedAt })
        : post('/api/segments', { name, filter });
      return z.object({ segment: segmentSchema }).parse(await answer).segment;
    },
    deleteSegment: async (id: string): Promise<void> => {
      await ask(`/api/segments/${id}`, { method: 'DELETE' });
    },
    /** Everybody with what became of them, as CSV; its first character says that it is UTF-8. */
    report: async (id: string) => {
      const init = { headers: { accept: 'text/csv' } };
      // Reading an answer as text takes the mark away.
      return BOM + (await ask(`/api/campaigns/${id}/report`, init, UPLOAD_PATIENCE_MS));
    },
  };
}

function noAnswer(url: string, cause: unknown): CampaignError {
  const words = `mailer-batch does not answer at ${url}. Is it running?`;
  return new CampaignError('no_answer', words, { cause });
}

/** Without a running stack there is no token either: that is the cause then. */
async function whyNoToken(url: string): Promise<CampaignError> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const failure = await fetch(`${url}/healthz`, { signal }).then(
    () => undefined,
    (thrown: unknown) => noAnswer(url, thrown),
  );
  const words =
    'ADMIN_TOKEN is not given: it is the one that mailer-batch runs with (npm start has one).';
  return failure ?? new CampaignError('no_token', words);
}

/** A refusal in words: each row that is wrong, and why. */
function problemIn(status: number, body: string): string {
  const read = problemSchema.safeParse(jsonIn(body)).data;
  if (!read) return `mailer-batch answers ${status}: ${cleanLine(body, MOST_QUOTED)}`;
  const issues = read.issues.map(
    ({ path, message }) => `  ${path}: ${cleanLine(message, MOST_QUOTED)}`,
  );
  return [cleanLine(read.error, MOST_QUOTED), ...issues].join('\n');
}

/** Whether the request may have arrived: only then is it worth asking again at once. */
function isLost(thrown: unknown): boolean {
  if (!(thrown instanceof CampaignError) || thrown.problem !== 'no_answer') return false;
  const why = (thrown.cause ?? {}) as { name?: string; cause?: { code?: unknown } };
  const { name, cause } = why;
  const isRefused = cause?.code === 'ECONNREFUSED' || cause?.code === 'ENOTFOUND';
  return !isRefused && name !== 'TimeoutError';
}

function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
