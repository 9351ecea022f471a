/**
 * Tokens with which programs ask our services: what each may do, and the list of them that all replicas read. Only
 * hashes are kept: who reads the list cannot ask with what stands there.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

/**
 * status: a lead and its messages. metrics: /metrics of every service. campaigns: everything at mailer-batch. platform:
 * what the learning platform tells. admin: all of these, and reading posts of forms once more.
 */
export const scopes = ['status', 'metrics', 'campaigns', 'platform', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** How a token of the list begins; its id follows, then the secret: `lw_<id>_<secret>`. */
export const TOKEN_PREFIX = 'lw_';
const HASH = /^[0-9a-f]{64}$/;

export const accessTokenSchema = z.object({
  /** Eight characters, also visible in the token itself. */
  id: z.string(),
  /** Who holds it. Two of one name may be valid at once, so that a new one can replace the old. */
  name: z.string(),
  scopes: z.array(z.enum(scopes)).min(1),
  hash: z.string().regex(HASH),
  createdAt: z.iso.datetime(),
  createdBy: z.string(),
  revokedAt: z.iso.datetime().optional(),
});
export type AccessToken = z.infer<typeof accessTokenSchema>;

/** All of them stand under one key, so that two changes at once cannot miss each other. */
export const TOKENS = {
  bucket: 'access_tokens',
  key: 'all',
  schema: z.array(accessTokenSchema),
} as const;

export const accessBuckets = {
  access_tokens: {
    ttlMs: 0,
    what: 'tokens by purpose, as hashes, all under one key: name, scopes, who made them, when they ended',
  },
} as const;

/** SHA-256 (hex): enough for a token, which has more than a hundred random bits. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A token that a stack is configured with, by its hash; it is good without a broker. */
export interface ConfiguredToken {
  scope: Scope;
  hash: string;
}

const HASHES = `expected <scope>:<sha256 in hex>, comma separated; scopes: ${scopes.join(', ')}`;

/** As TOKEN_HASHES holds them: `metrics:<sha256>,status:<sha256>`. */
export const tokenHashes = z
  .string()
  .transform((text) => text.split(',').map((item) => item.trim().split(':')))
  .pipe(
    z.array(
      z.tuple([z.enum(scopes, HASHES), z.string(HASHES).regex(HASH, HASHES)], HASHES),
      HASHES,
    ),
  )
  .transform((pairs): ConfiguredToken[] => pairs.map(([scope, hash]) => ({ scope, hash })));
