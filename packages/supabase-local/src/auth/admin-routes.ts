/** `auth.admin.*` of supabase-js: what a hosted project does for its secret key. */
import { z } from 'zod';
import { linkRequestSchema, makeLink } from './links.ts';
import type { AuthMailer } from './mails.ts';
import { found, newUserSchema, userChangeSchema, type AuthUsers } from './users.ts';

export interface AdminParts {
  users: AuthUsers;
  mailer: AuthMailer;
  siteUrl: string;
}

const BASE = '/auth/v1';
const pageSchema = z.object({
  page: z.coerce.number().int().min(1).catch(1),
  per_page: z.coerce.number().int().min(1).max(1000).catch(50),
});
const userPath = /^\/auth\/v1\/admin\/users\/([0-9a-f-]{36})$/;

/** Answers an admin request, or undefined when the path is none. @throws AuthApiError, ZodError */
export async function answerAdmin(
  request: Request,
  parts: AdminParts,
): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  const { users, mailer } = parts;
  const call = `${request.method} ${pathname}`;
  const body = (): Promise<unknown> => request.json().catch(() => ({}));

  if (call === `GET ${BASE}/admin/users`) return listUsers(request, users);
  if (call === `POST ${BASE}/admin/users`) {
    return Response.json(await users.create(newUserSchema.parse(await body())));
  }
  if (call === `POST ${BASE}/admin/generate_link`) {
    return generateLink(linkRequestSchema.parse(await body()), parts);
  }
  if (call === `POST ${BASE}/invite`) {
    const link = await makeLink(
      users,
      linkRequestSchema.parse({ ...z.looseObject({}).parse(await body()), type: 'invite' }),
    );
    try {
      await mailer.send('invite', link.user.email, link.hashed_token);
    } catch (thrown) {
      await users.forgetInvitation(link.user.id);
      throw thrown;
    }
    return Response.json(link.user);
  }
  const [, id] = userPath.exec(pathname) ?? [];
  if (id === undefined) return undefined;
  if (request.method === 'GET') return Response.json(found(await users.byId(id)));
  if (request.method === 'PUT') {
    return Response.json(await users.update(id, userChangeSchema.parse(await body())));
  }
  if (request.method !== 'DELETE') return undefined;
  await users.remove(id);
  return Response.json({});
}

async function listUsers(request: Request, users: AuthUsers): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const { page, per_page } = pageSchema.parse(Object.fromEntries(searchParams));
  const { users: found, total } = await users.list(page, per_page);
  const last = Math.max(1, Math.ceil(total / per_page));
  const link = (n: number, rel: string) =>
    `<${BASE}/admin/users?page=${n}&per_page=${per_page}>; rel="${rel}"`;
  const links = page < last ? [link(page + 1, 'next'), link(last, 'last')] : [link(last, 'last')];
  return Response.json(
    { users: found, aud: 'authenticated' },
    { headers: { link: links.join(', '), 'x-total-count': String(total) } },
  );
}

async function generateLink(
  wanted: z.infer<typeof linkRequestSchema>,
  { users, siteUrl }: AdminParts,
): Promise<Response> {
  const { user, hashed_token, email_otp } = await makeLink(users, wanted);
  const query = new URLSearchParams({ token: hashed_token, type: wanted.type });
  return Response.json({
    ...user,
    hashed_token,
    email_otp,
    verification_type: wanted.type,
    redirect_to: siteUrl,
    // Not reachable here: the console's own page, which asks for a click, takes `hashed_token`.
    action_link: `${siteUrl}${BASE}/verify?${query.toString()}`,
  });
}
