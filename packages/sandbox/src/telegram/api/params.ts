import type { ProviderRequest } from '../../world/provider.ts';
import { refuse } from './answers.ts';

/** Parameters as texts, whatever form they came in: JSON objects and numbers stay as they were written. */
export type Params = ReadonlyMap<string, string>;

/** Reads the query and a body that is urlencoded, JSON or multipart; the body wins. Other bodies are not seen at all. */
export async function readParams(request: ProviderRequest): Promise<Params> {
  const params = new Map(new URLSearchParams(request.query));
  for (const [name, value] of await readBody(request)) params.set(name, value);
  return params;
}

async function readBody({ headers, body }: ProviderRequest): Promise<Iterable<[string, string]>> {
  const type = headers['content-type'] ?? '';
  if (body.length === 0) return [];
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) {
    return new URLSearchParams(body.toString('utf8'));
  }
  if (/^application\/json\b/i.test(type)) return readJson(body.toString('utf8'));
  if (/^multipart\/form-data\b/i.test(type)) return readMultipart(body, type);
  return [];
}

function readJson(text: string): [string, string][] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse(400, "Can't parse JSON object");
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw refuse(400, 'JSON object expected');
  }
  return Object.entries(parsed)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
}

async function readMultipart(body: Buffer, type: string): Promise<[string, string][]> {
  try {
    const form = await new Response(new Uint8Array(body), {
      headers: { 'content-type': type },
    }).formData();
    return [...form].flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' ? [[name, value]] : [],
    );
  } catch {
    throw refuse(400, "Can't parse multipart form data");
  }
}

/** A whole number within bounds; out of them it is moved to the nearest, without a word, as the real server does. */
export function wholeNumber(
  params: Params,
  name: string,
  { fallback, least, most }: { fallback: number; least: number; most: number },
): number {
  const value = Number.parseInt(params.get(name) ?? '', 10);
  return Math.min(Math.max(Number.isNaN(value) ? fallback : value, least), most);
}

/** "true", "yes" and "1" are true. */
export function flag(params: Params, name: string): boolean {
  return ['true', 'yes', '1'].includes((params.get(name) ?? '').toLowerCase());
}

/** A parameter that is JSON; undefined when it is missing, empty or broken. */
export function jsonOf(params: Params, name: string): unknown {
  const text = params.get(name);
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
