import type { ProviderAnswer, ProviderRequest } from '../../world/provider.ts';
import type { Author, Parts } from '../store/edits.ts';

/** One method of one path; `ids` are the path's groups. */
export type AmoRoute = {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  path: RegExp;
  handle(request: ProviderRequest, parts: ApiParts, ids: string[]): ProviderAnswer;
};

/** What a handler works with: the account, and in whose name. */
export type ApiParts = Parts & { author: Author };
