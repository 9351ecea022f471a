/** Auth users of the people who work here, and the links with which they come in. Needs the project's service key. */
import { ChannelStoppedError, TransientError } from '@leadwire/shared/errors';
import type { AuthError, SupabaseClient, User } from '@supabase/supabase-js';
import { StaffError } from './staff-error.ts';

/** A hundred years: until somebody takes it back. */
const FOR_EVER = '876000h';

/** All methods throw TransientError when Auth is not there, ChannelStoppedError when it does not take the key. */
export interface StaffAccounts {
  /**
   * Makes the Auth user unless there is one, with the password that a bcrypt hash is of. Somebody who is there keeps
   * theirs. @throws StaffError `address_taken` when another id has the address, `other_address` when the id has another
   */
  ensure(account: {
    staffId: string;
    email: string;
    passwordHash?: string | undefined;
  }): Promise<void>;
  /** Whether they may sign in; taking it away ends their sessions. */
  allow(staffId: string, isAllowed: boolean): Promise<void>;
  /** Whether they have come in once. */
  hasComeIn(staffId: string): Promise<boolean>;
  /**
   * The address of a page of the console that takes a click; works once, for as long as the project's Auth is set to
   * (24 hours), and voids the one before it. An invitation for somebody who never came in, else a new password.
   */
  makeLink(account: { staffId: string; email: string }): Promise<string>;
  /** Has an invitation mailed to somebody who never came in and never was sent or given a link; else does nothing. */
  invite(account: { staffId: string; email: string }): Promise<void>;
}

/** @param consoleUrl without a trailing slash */
export function createStaffAccounts(client: SupabaseClient, consoleUrl: string): StaffAccounts {
  const { admin } = client.auth;

  const find = async (staffId: string): Promise<User | undefined> => {
    const { data, error } = await admin.getUserById(staffId);
    if (error?.status === 404) return undefined;
    if (error) throw unreachable(error);
    return data.user;
  };
  const isIn = (user: User | undefined) => Boolean(user?.confirmed_at ?? user?.email_confirmed_at);
  const hasComeIn = async (staffId: string) => isIn(await find(staffId));

  return {
    hasComeIn,
    async ensure({ staffId, email, passwordHash }) {
      const known = await find(staffId);
      if (known && known.email?.toLowerCase() !== email) {
        throw new StaffError('other_address', 'Auth has this id under another address.');
      }
      if (known) return;
      const password = passwordHash !== undefined && {
        password_hash: passwordHash,
        email_confirm: true,
      };
      const { error } = await admin.createUser({ id: staffId, email, ...password });
      if (error?.code === 'email_exists') {
        throw new StaffError('address_taken', 'Auth has this address under another id.');
      }
      if (error) throw unreachable(error);
    },
    async allow(staffId, isAllowed) {
      const ban_duration = isAllowed ? 'none' : FOR_EVER;
      const { error } = await admin.updateUserById(staffId, { ban_duration });
      if (error && !(error.status === 404 && !isAllowed)) throw unreachable(error);
    },
    async makeLink({ staffId, email }) {
      const type = (await hasComeIn(staffId)) ? 'recovery' : 'invite';
      const { data, error } = await admin.generateLink({ type, email });
      if (error) throw unreachable(error);
      const query = new URLSearchParams({ token_hash: data.properties.hashed_token, type });
      return `${consoleUrl.replace(/\/+$/, '')}/auth/confirm?${query.toString()}`;
    },
    async invite({ staffId, email }) {
      const user = await find(staffId);
      const linkedAt = user?.invited_at ?? user?.confirmation_sent_at ?? user?.recovery_sent_at;
      if (!user || isIn(user) || linkedAt) return;
      const { error } = await admin.inviteUserByEmail(email);
      if (error) throw unreachable(error);
    },
  };
}

function unreachable(error: AuthError): Error {
  const { status = 0, code = '' } = error;
  const told = `Supabase Auth: ${status || 'no answer'} ${code} ${error.message}`;
  if (status === 401 || status === 403) return new ChannelStoppedError(told, { cause: error });
  return new TransientError(told, { cause: error, outage: status === 0 || status >= 500 });
}
