/** The rows of `integration_tokens`: the OAuth pair of each outside system. */
import { z } from 'zod';
import type { TokenPair } from './oauth.ts';
import type { Database } from '../supabase.ts';

const rowSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  expires_at: z.string(),
  version: z.coerce.number(),
});

/** Both throw as `Database` does. */
export interface TokenStore {
  load(): Promise<TokenPair | undefined>;
  /** An older version than the stored one changes nothing. */
  save(pair: TokenPair): Promise<void>;
}

export function createTokenStore(
  database: Pick<Database, 'rowsWith' | 'storeRows'>,
  service: string,
): TokenStore {
  return {
    async load() {
      const which = { column: 'service', value: service, order: 'service' };
      const [found] = await database.rowsWith('integration_tokens', which);
      const row = rowSchema.safeParse(found);
      if (!row.success) return undefined;
      const { access_token, refresh_token, expires_at, version } = row.data;
      const expiresAt = new Date(expires_at).toISOString();
      return { accessToken: access_token, refreshToken: refresh_token, expiresAt, version };
    },
    async save({ accessToken, refreshToken, expiresAt, version }) {
      await database.storeRows('leadwire_store_tokens', [
        { service, accessToken, refreshToken, expiresAt, version },
      ]);
    },
  };
}
