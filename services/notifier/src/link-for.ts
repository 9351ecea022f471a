/** The link of a message's mail at the moment of sending: kept since it was asked for, or made now by Supabase Auth. */
import { createClient } from '@supabase/supabase-js';
import type { SecretLinks } from '@leadwire/shared/delivery/secret-links';
import { PermanentError, TransientError } from '@leadwire/shared/errors';
import type { TrackCall } from '@leadwire/shared/providers/call-log';

/** @throws PermanentError `link_gone` when none is kept any more and none can be made. */
export type LinkFor = (messageId: string, email: string) => Promise<string>;

export interface LinkForOptions {
  links: Pick<SecretLinks, 'find' | 'keep'>;
  /** Makes a link for this address; without it a message whose link is gone cannot be sent. */
  make?: ((email: string) => Promise<string>) | undefined;
}

/** A repeat of a mail has the same link as its first try: the first one made is kept until the mail has ended. */
export function createLinkFor({ links, make }: LinkForOptions): LinkFor {
  return async (messageId, email) => {
    const kept = await links.find(messageId);
    if (kept !== undefined) return kept;
    if (make) return links.keep(messageId, await make(email));
    throw new PermanentError(
      'link_gone',
      'the one-time link is not kept any more: ask for the message again under another key',
    );
  };
}

export interface AuthLinkOptions {
  /** Of the project whose Auth the learning platform uses. */
  url: string;
  serviceKey: string;
  track: TrackCall;
}

/**
 * Links by which somebody sets a password (https://supabase.com/docs/reference/javascript/auth-admin-generatelink).
 * Supabase sends nothing itself. Each link makes the one before it useless, so it is made when the mail is sent.
 */
export function createAuthLinks({ url, serviceKey, track }: AuthLinkOptions) {
  const { auth } = createClient(url, serviceKey, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  });

  const generate = async (type: 'recovery' | 'invite', email: string) => {
    const { data, error } = await auth.admin.generateLink({ type, email });
    if (!error) return data.properties.action_link;
    // Whoever is not known yet is invited: that makes the account, without a password.
    if (error.code === 'user_not_found' && type === 'recovery') return undefined;
    const detail = `Supabase Auth: ${error.status ?? 'no answer'} ${error.code ?? ''}`.trim();
    if (error.status !== undefined && error.status < 500 && error.status !== 429) {
      throw new PermanentError('link_refused', detail);
    }
    throw new TransientError(detail);
  };

  return (email: string): Promise<string> =>
    track('supabase.generate_link', {}, async () => {
      const link = (await generate('recovery', email)) ?? (await generate('invite', email));
      if (link === undefined) throw new TransientError('Supabase Auth: no link');
      return link;
    });
}
