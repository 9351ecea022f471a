/**
 * The users of a project's Auth, by SQL: what hosted Supabase does behind its admin routes and `@supabase/lite` does
 * not do. Passwords become bcrypt hashes inside the database (pgcrypto), so no plain one is stored or logged.
 */
import type { PGliteInterface } from '@electric-sql/pglite';
import { z } from 'zod';
import { AuthApiError } from './auth-error.ts';

/** As `auth.admin.*` of supabase-js reads it; never holds a password or its hash. */
export interface AuthUser {
  id: string;
  email: string;
  confirmed_at: string | null;
  banned_until: string | null;
  app_metadata: Record<string, unknown>;
  user_metadata: Record<string, unknown>;
}

const COLUMNS = `u.id, u.aud, u.role, u.email, coalesce(u.phone, '') as phone, u.email_confirmed_at, u.confirmed_at,
  u.invited_at, u.confirmation_sent_at, u.recovery_sent_at, u.last_sign_in_at, u.banned_until, u.deleted_at, u.created_at, u.updated_at, u.is_anonymous,
  u.raw_app_meta_data as app_metadata, u.raw_user_meta_data as user_metadata,
  coalesce((select json_agg(json_build_object('identity_id', i.id, 'id', i.provider_id, 'user_id', i.user_id,
    'provider', i.provider, 'identity_data', i.identity_data)) from auth.identities i where i.user_id = u.id), '[]')
  as identities`;

const metadata = z.record(z.string(), z.unknown());
const fields = {
  email: z.email().max(255).toLowerCase(),
  password: z.string().min(6).max(72),
  email_confirm: z.boolean(),
  ban_duration: z.string().regex(/^(none|(\d+(\.\d+)?(h|m|s))+)$/),
  app_metadata: metadata,
  user_metadata: metadata,
  role: z.string().regex(/^[a-z_]+$/),
};
/** POST /admin/users. A field that hosted Supabase has and Leadwire does not use is ignored. */
export const newUserSchema = z
  .object(fields)
  .partial()
  .extend({
    email: fields.email,
    id: z.uuid().optional(),
    password_hash: z
      .string()
      .regex(/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/)
      .optional(),
  })
  .refine((user) => user.password === undefined || user.password_hash === undefined, {
    error: 'Only a password or a password hash should be provided',
  });
/** PUT /admin/users/:id. */
export const userChangeSchema = z.object(fields).partial();

type NewUser = z.infer<typeof newUserSchema>;
type UserChange = z.infer<typeof userChangeSchema>;

const SECONDS: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };

/** Go's durations, as `ban_duration` has them: `876000h`, `1h30m`. Null for `none`. */
function secondsOf(duration: string | undefined): number | null {
  if (duration === undefined || duration === 'none') return null;
  return [...duration.matchAll(/(\d+(?:\.\d+)?)(h|m|s)/g)].reduce(
    (sum, [, count, unit = 's']) => sum + Number(count) * (SECONDS[unit] ?? 0),
    0,
  );
}

/** Null takes a key away, as hosted Supabase does it. */
function merge(old: Record<string, unknown>, next: Record<string, unknown> | undefined) {
  const all = Object.entries({ ...old, ...next });
  return JSON.stringify(Object.fromEntries(all.filter(([, value]) => value !== null)));
}

async function findBy(db: Pick<PGliteInterface, 'query'>, where: string, value: string) {
  const { rows } = await db.query<AuthUser>(
    `select ${COLUMNS} from auth.users u where u.deleted_at is null and ${where}`,
    [value],
  );
  return rows[0];
}

/** Reads and writes `auth.users`; each method answers the user as it is afterwards. */
export function createAuthUsers(db: PGliteInterface) {
  const byId = (id: string) => findBy(db, 'u.id = $1', id);
  const byEmail = (email: string) => findBy(db, 'u.email = lower($1)', email);
  const endSessions = async (userId: string, except?: string) => {
    await db.query('delete from auth.sessions where user_id = $1 and id is distinct from $2', [
      userId,
      except ?? null,
    ]);
  };

  return {
    byId,
    byEmail,
    /** Ends what the user has open, but for the session `except`. Access tokens are valid until they expire. */
    endSessions,

    /** The user who got this link, whether or not it has expired. */
    byTokenHash: (hash: string) =>
      findBy(
        db,
        'u.id = (select id from auth.users where $1 in (confirmation_token, recovery_token))',
        hash,
      ),

    /** @throws AuthApiError 422 `email_exists` */
    async create(user: NewUser, isInvited = false): Promise<AuthUser> {
      if (await byEmail(user.email)) throw emailExists();
      const id = user.id ?? crypto.randomUUID();
      await db.transaction(async (tx) => {
        await tx.query(
          `insert into auth.users (id, aud, role, email, encrypted_password, email_confirmed_at, invited_at,
             banned_until, raw_app_meta_data, raw_user_meta_data)
           values ($1, 'authenticated', $2, $3,
             coalesce($4, extensions.crypt($5, extensions.gen_salt('bf', 10))),
             case when $6::boolean then now() end, case when $7::boolean then now() end,
             now() + $8::float8 * interval '1 second', $9::jsonb, $10::jsonb)`,
          [
            id,
            user.role ?? 'authenticated',
            user.email,
            user.password_hash ?? null,
            user.password ?? null,
            user.email_confirm === true,
            isInvited,
            secondsOf(user.ban_duration),
            merge({ provider: 'email', providers: ['email'] }, user.app_metadata),
            merge({}, user.user_metadata),
          ],
        );
        await tx.query(
          `insert into auth.identities (id, provider, provider_id, user_id, identity_data)
           values (gen_random_uuid(), 'email', $1::text, $1::uuid,
             jsonb_build_object('sub', $1::text, 'email', $2::text, 'email_verified', $3::boolean))`,
          [id, user.email, user.email_confirm === true],
        );
      });
      return found(await byId(id));
    },

    /** A new password and a ban end all sessions. @throws AuthApiError 404 `user_not_found`, 422 `email_exists` */
    async update(id: string, change: UserChange): Promise<AuthUser> {
      const old = found(await byId(id));
      const holder = change.email === undefined ? undefined : await byEmail(change.email);
      if (holder && holder.id !== id) throw emailExists();
      await db.query(
        `update auth.users set email = coalesce($2, email), role = coalesce($3, role),
           encrypted_password = coalesce(extensions.crypt($4, extensions.gen_salt('bf', 10)), encrypted_password),
           email_confirmed_at = case when $5::boolean then coalesce(email_confirmed_at, now()) else email_confirmed_at end,
           banned_until = case when $6::boolean then now() + $7::float8 * interval '1 second' else banned_until end,
           raw_app_meta_data = $8::jsonb, raw_user_meta_data = $9::jsonb, updated_at = now()
         where id = $1`,
        [
          id,
          change.email ?? null,
          change.role ?? null,
          change.password ?? null,
          change.email_confirm === true,
          change.ban_duration !== undefined,
          secondsOf(change.ban_duration),
          merge(old.app_metadata, change.app_metadata),
          merge(old.user_metadata, change.user_metadata),
        ],
      );
      if (change.password !== undefined || secondsOf(change.ban_duration) !== null)
        await endSessions(id);
      return found(await byId(id));
    },

    async remove(id: string): Promise<void> {
      found(await byId(id));
      await db.query('delete from auth.users where id = $1', [id]);
    },

    async list(page: number, perPage: number): Promise<{ users: AuthUser[]; total: number }> {
      const { rows } = await db.query<AuthUser>(
        `select ${COLUMNS} from auth.users u where u.deleted_at is null
         order by u.created_at desc, u.id limit $1 offset $2`,
        [perPage, (page - 1) * perPage],
      );
      const counted = await db.query<{ n: number }>(
        'select count(*)::int as n from auth.users where deleted_at is null',
      );
      return { users: rows, total: counted.rows[0]?.n ?? 0 };
    },

    /** Notes the link's hash where `verify` looks for it; the link before it is void. */
    async noteLink(id: string, kind: 'confirmation' | 'recovery', hash: string): Promise<void> {
      await db.query(
        `update auth.users set ${kind}_token = $2, ${kind}_sent_at = now() where id = $1`,
        [id, hash],
      );
    },

    /** As if the link had not been made: its mail did not go out. */
    async forgetInvitation(id: string): Promise<void> {
      await db.query(
        `update auth.users set confirmation_token = '', confirmation_sent_at = null where id = $1`,
        [id],
      );
    },

    /** Milliseconds since the last recovery link, Infinity when there was none. */
    async sinceRecovery(id: string): Promise<number> {
      const { rows } = await db.query<{ ms: number | null }>(
        `select (extract(epoch from now() - recovery_sent_at::timestamptz) * 1000)::float8 as ms
         from auth.users where id = $1`,
        [id],
      );
      return rows[0]?.ms ?? Infinity;
    },
  };
}
export type AuthUsers = ReturnType<typeof createAuthUsers>;

export function emailExists(): AuthApiError {
  return new AuthApiError(
    422,
    'email_exists',
    'A user with this email address has already been registered',
  );
}

/** @throws AuthApiError 404 `user_not_found` when there is none */
export function found(user: AuthUser | undefined): AuthUser {
  if (user) return user;
  throw new AuthApiError(404, 'user_not_found', 'User not found');
}
