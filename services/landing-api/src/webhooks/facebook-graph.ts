/** The part of Facebook's Graph API that lead forms need. */
import { createHmac } from 'node:crypto';
import { isRecord } from '@leadwire/shared/contacts/clean-text';
import { PermanentError, TransientError, toError } from '@leadwire/shared/errors';
import { parseJson } from '../forms/form-body.ts';

/** Facebook waits longer for an answer to its hook. */
const TIMEOUT_MS = 8_000;
const FIELDS =
  'id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,field_data,custom_disclaimer_responses,is_organic,platform';
const PAGE_SIZE = 100;
const MOST_PAGES = 100;
/** The token is not valid, or not for this (developers.facebook.com/docs/graph-api/guides/error-handling). */
const ACCESS_CODES = [10, 102, 190, 200, 294];

export interface FacebookGraph {
  /** A lead with its answers. @throws PermanentError `facebook_<code>` when there is none; as `all` else. */
  lead(id: string): Promise<Record<string, unknown>>;
  /**
   * All leads of the page's forms created after `since`.
   * @throws PermanentError `facebook_access` when the token is refused; TransientError else.
   */
  leadsSince(since: Date): AsyncGenerator<Record<string, unknown>>;
}

export interface GraphOptions {
  baseUrl: string;
  pageToken: string;
  appSecret: string;
}

export function createFacebookGraph({
  baseUrl,
  pageToken,
  appSecret,
}: GraphOptions): FacebookGraph {
  // Asked for where the app demands it, harmless elsewhere.
  const proof = createHmac('sha256', appSecret).update(pageToken).digest('hex');

  const get = async (path: string, params: Record<string, string>) => {
    const query = new URLSearchParams({ ...params, appsecret_proof: proof });
    const response = await fetch(`${baseUrl}/${path}?${query.toString()}`, {
      // Not in the address, where the token would end up in logs.
      headers: { authorization: `Bearer ${pageToken}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((thrown: unknown) => {
      throw new TransientError('Facebook does not answer', {
        cause: toError(thrown),
        outage: true,
      });
    });
    const json = parseJson(await response.text());
    if (response.ok && isRecord(json)) return json;
    throw graphErrorOf(response.status, json);
  };

  async function* pages(path: string, params: Record<string, string>) {
    let after: unknown;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const json = await get(path, { ...params, ...(typeof after === 'string' && { after }) });
      if (Array.isArray(json['data'])) yield* (json['data'] as unknown[]).filter(isRecord);
      const paging = isRecord(json['paging']) ? json['paging'] : {};
      const cursors = isRecord(paging['cursors']) ? paging['cursors'] : {};
      if (paging['next'] === undefined) return;
      after = cursors['after'];
    }
  }

  return {
    lead: (id) => get(encodeURIComponent(id), { fields: FIELDS }),
    async *leadsSince(since) {
      const value = Math.floor(since.getTime() / 1_000);
      const filtering = JSON.stringify([
        { field: 'time_created', operator: 'GREATER_THAN', value },
      ]);
      for await (const { id } of pages('me/leadgen_forms', { fields: 'id' })) {
        if (typeof id !== 'string') continue;
        yield* pages(`${encodeURIComponent(id)}/leads`, {
          fields: FIELDS,
          filtering,
          limit: String(PAGE_SIZE),
        });
      }
    },
  };
}

function graphErrorOf(status: number, json: unknown): Error {
  const error = isRecord(json) && isRecord(json['error']) ? json['error'] : {};
  const code = Number(error['code'] ?? 0);
  const words = `Facebook: ${status} ${code} ${typeof error['message'] === 'string' ? error['message'] : ''}`;
  if (ACCESS_CODES.includes(code)) return new PermanentError('facebook_access', words);
  if (code === 100) return new PermanentError('facebook_100', words);
  return new TransientError(words, { outage: status >= 500 });
}
