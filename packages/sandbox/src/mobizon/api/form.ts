import qs from 'qs';
import type { ProviderRequest } from '../../world/provider.ts';
import { MobizonError } from './envelope.ts';

export type Params = { [name: string]: ParamValue };
type ParamValue = string | ParamValue[] | Params | undefined;

/** Most numbers that one call may carry is 500; PHP reads 1000 variables unless told otherwise. */
const QS_OPTIONS = {
  depth: 5,
  arrayLimit: 1000,
  parameterLimit: 5000,
  plainObjects: true,
} as const;

/**
 * Reads query and form body, PHP brackets included; the body wins. Throws code 11 for a body of another type:
 * to PHP its parameters are simply not there.
 */
export function readParams(request: ProviderRequest): Params {
  const query = qs.parse(request.query, QS_OPTIONS) as Params;
  if (request.body.length === 0) return query;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) throw new MobizonError(11);
  return { ...query, ...(qs.parse(request.body.toString('utf8'), QS_OPTIONS) as Params) };
}

/** A plain text parameter; undefined when it is missing or is not one. */
export function text(params: Params, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' ? value : undefined;
}

/** A text parameter that must be there: code 11 otherwise. */
export function required(params: Params, name: string): string {
  const value = text(params, name);
  if (value === undefined) throw new MobizonError(11, name);
  return value;
}

/** `params[...]`, `data[...]`, `criteria[...]`: empty when missing. */
export function group(params: Params, name: string): Params {
  const value = params[name];
  return typeof value === 'object' && !Array.isArray(value) ? value : {};
}

/** A list given as brackets or as a comma string; undefined when missing. */
export function list(params: Params, name: string): ParamValue[] | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string') return value.split(',').map((part) => part.trim());
  return Array.isArray(value) ? value : Object.values(value);
}
