/**
 * The rows of `integration_tokens`: the OAuth pair of each outside system. The tokens stand there sealed under the
 * integration's own secret, which is not in the database: a copy of it lets nobody in. Rows from before are read as
 * they are, and sealed with the next pair.
 */
import { z } from 'zod';
import { createSeal } from '../../runtime/seal.ts';
import type { TokenPair } from './oauth.ts';
import type { Database } from '../supabase.ts';

const rowSchema = z.object({
  access_token: z.string(),
  refresh_token: z.string(),
  expires_at: z.string(),
  version: z.coerce.number(),
});

const SEALED = 'sealed:';

/** Both throw as `Database` does. */
export interface TokenStore {
  /** Undefined also for a pair that another secret sealed: somebody has to connect again. */
  load(): Promise<TokenPair | undefined>;
  /** An older version than the stored one changes nothing. */
  save(pair: TokenPair): Promise<void>;
}

/** @param secret the integration's: what the tokens are sealed under */
export function createTokenStore(
  database: Pick<Database, 'rowsWith' | 'storeRows'>,
  service: string,
  secret: string,
): TokenStore {
  const seal = createSeal(secret, `tokens of ${service}`);
  const close = (token: string) => SEALED + seal.close(token);
  const open = (text: string): string | undefined => {
    if (!text.startsWith(SEALED)) return text;
    const token = seal.open(text.slice(SEALED.length));
    return typeof token === 'string' ? token : undefined;
  };

  return {
    async load() {
      const which = { column: 'service', value: service, order: 'service' };
      const [found] = await database.rowsWith('integration_tokens', which);
      const row = rowSchema.safeParse(found);
      if (!row.success) return undefined;
      const { access_token, refresh_token, expires_at, version } = row.data;
      const [accessToken, refreshToken] = [open(access_token), open(refresh_token)];
      if (accessToken === undefined || refreshToken === undefined) return undefined;
      const expiresAt = new Date(expires_at).toISOString();
      return { accessToken, refreshToken, expiresAt, version };
    },
    async save({ accessToken, refreshToken, expiresAt, version }) {
      await database.storeRows('leadwire_store_tokens', [
        {
          service,
          accessToken: close(accessToken),
          refreshToken: close(refreshToken),
          expiresAt,
          version,
        },
      ]);
    },
  };
}
