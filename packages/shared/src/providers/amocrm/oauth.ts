/** AmoCRM's token endpoint (https://www.amocrm.ru/developers/content/oauth/step-by-step). */
import { z } from 'zod';
import { AMOCRM_STOPPED, type AmoTransport } from './http.ts';
import { ChannelStoppedError, TransientError } from '../../errors.ts';

/** The private integration, as AmoCRM shows it under "Keys and scopes". */
export interface OAuthClient {
  clientId: string;
  clientSecret: string;
  /** Exactly as it is entered in the integration. */
  redirectUri: string;
}

export interface TokenPair {
  accessToken: string;
  /** Works once, within three months. */
  refreshToken: string;
  /** ISO. */
  expiresAt: string;
  /** Counts the pairs: an older one never replaces a newer one. */
  version: number;
}

type Grant =
  /** The code from the redirect: 20 minutes, once. */
  | { grant_type: 'authorization_code'; code: string }
  | { grant_type: 'refresh_token'; refresh_token: string };

const pairSchema = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1),
  expires_in: z.number().positive(),
});

/**
 * Exchanges a code or a refresh token for a new pair. The old refresh token is dead then: save the new
 * one before anything else.
 * @throws ChannelStoppedError when it is refused; TransientError when AmoCRM fails.
 */
export async function requestTokens(
  transport: AmoTransport,
  client: OAuthClient,
  grant: Grant,
  options: { version: number; now?: () => number; atTurn?: () => Promise<void> },
): Promise<TokenPair> {
  const { version, now = Date.now, atTurn } = options;
  const { clientId, clientSecret, redirectUri } = client;
  const body = {
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uri: redirectUri,
    ...grant,
  };
  const { status, json } = await transport.send(
    {
      action: grant.grant_type,
      method: 'POST',
      path: '/oauth2/access_token',
      body,
      ...(atTurn && { atTurn }),
    },
    undefined,
  );
  // Not a word of theirs: nothing is said about the token.
  if (json === undefined) {
    throw new TransientError(`AmoCRM: HTTP ${status} for ${grant.grant_type}`, { outage: true });
  }
  if (status >= 400) {
    const { hint } = json as { hint?: unknown };
    const detail = typeof hint === 'string' ? `: ${hint.slice(0, 200)}` : '';
    throw new ChannelStoppedError(`AmoCRM refused the ${grant.grant_type} (${status})${detail}`, {
      what: AMOCRM_STOPPED,
    });
  }
  const read = pairSchema.safeParse(json);
  if (!read.success) throw new TransientError('AmoCRM answered without tokens', { outage: true });
  const { access_token, refresh_token, expires_in } = read.data;
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    expiresAt: new Date(now() + expires_in * 1_000).toISOString(),
    version,
  };
}
