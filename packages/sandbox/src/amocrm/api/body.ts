/** Bodies: JSON arrays of items, each checked before any is written. */
import type { ProviderRequest } from '../../world/provider.ts';
import { AmoError, invalid, problem, refuse, type FieldError, type ItemErrors } from './answers.ts';
import type { Input } from './entity-input.ts';
import { isRecord, words } from './field-values.ts';

/** Most items of a write (docs "Limits"); complex takes fewer. */
export const MOST_ITEMS = 250;

/** The body's JSON. Throws 400 for none and for what is no JSON. */
export function readJson(request: ProviderRequest): unknown {
  const text = request.body.toString('utf8').trim();
  if (text === '') throw refuse(400, 'Request data can not be empty');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw refuse(400, 'Request body is not a valid JSON');
  }
}

/** The items of a write. Throws 400 for an empty array, 422 for too long a one. */
export function readItems(request: ProviderRequest, most = MOST_ITEMS): Input[] {
  const body = readJson(request);
  if (!Array.isArray(body)) throw notAnArray('');
  if (body.length === 0) throw refuse(400, 'Request data can not be empty');
  if (body.length > most) throw new AmoError(problem(422, `Limit ${most} per page`));
  const wrong = body.findIndex((item) => !isRecord(item));
  if (wrong >= 0) throw notAnArray(String(wrong));
  return body as Input[];
}

function notAnArray(path: string): AmoError {
  const errors = [{ code: 'InvalidType', path, detail: words.type('array') }];
  return invalid([{ request_id: '0', errors }]);
}

/** A single object. Throws 400 for anything else. */
export function readObject(request: ProviderRequest): Input {
  const body = readJson(request);
  if (isRecord(body)) return body;
  throw notAnArray('');
}

/** What comes back beside an item, in answers and in errors: the client's word, or the item's place. */
export function requestId(item: Input, index: number): string {
  const given = item['request_id'];
  return typeof given === 'string' || typeof given === 'number' ? String(given) : String(index);
}

/** Reads every item; one bad one refuses all. */
export function readAll<Draft>(
  items: Input[],
  read: (item: Input, errors: FieldError[]) => Draft,
): Draft[] {
  const refused: ItemErrors[] = [];
  const drafts = items.map((item, index) => {
    const errors: FieldError[] = [];
    const draft = read(item, errors);
    if (errors.length > 0) refused.push({ request_id: requestId(item, index), errors });
    return draft;
  });
  if (refused.length > 0) throw invalid(refused);
  return drafts;
}

/** The same, with the errors' paths below `prefix`. */
export function readUnder<Draft>(
  prefix: string,
  errors: FieldError[],
  read: (errors: FieldError[]) => Draft,
): Draft {
  const own: FieldError[] = [];
  const draft = read(own);
  errors.push(...own.map((error) => ({ ...error, path: `${prefix}${error.path}` })));
  return draft;
}

/** The objects of `_embedded[name]`. */
export function embedded(item: Input, name: string): Input[] {
  const all = item['_embedded'];
  const list = isRecord(all) ? all[name] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
