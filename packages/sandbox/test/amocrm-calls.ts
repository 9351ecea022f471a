/** Calls to AmoCRM as a client would make them, and the things that its tests write most. */
import type { Sandbox } from '../src/sandbox.ts';

export const LONG_LIVED = 'amocrm-sandbox-long-lived-token';
export const CLIENT = {
  client_id: '5d0c2a4e-7f3b-4f0e-9a57-1c6f5b1e0a01',
  client_secret: 'amocrm-sandbox-secret',
  redirect_uri: 'http://127.0.0.1:3000/api/amocrm/callback',
};
export const PIPELINE = 10_350_882;

export type AmoAnswer<Body> = { status: number; type: string | null; text: string; body: Body };

/** A call with the long-lived token; `token: null` sends none. */
export async function amo<Body = unknown>(
  sandbox: Sandbox,
  method: string,
  path: string,
  body?: unknown,
  {
    token = LONG_LIVED,
    headers = {},
  }: { token?: string | null; headers?: Record<string, string> } = {},
): Promise<AmoAnswer<Body>> {
  const response = await fetch(`${sandbox.amocrmUrl}${path}`, {
    method,
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const type = response.headers.get('content-type');
  const parsed = type?.includes('json') ? (JSON.parse(text) as Body) : (undefined as Body);
  return { status: response.status, type, text, body: parsed };
}

/** The token endpoint. */
export const token = <Body = TokenBody>(sandbox: Sandbox, body: Record<string, unknown>) =>
  amo<Body>(sandbox, 'POST', '/oauth2/access_token', { ...CLIENT, ...body }, { token: null });

export type TokenBody = { access_token: string; refresh_token: string; expires_in: number };
export type Problem = {
  status: number;
  title: string;
  detail: string;
  hint?: string;
  retry_after?: number;
  'validation-errors'?: {
    request_id: string;
    errors: { code: string; path: string; detail: string }[];
  }[];
};

export type Complex = { id: number; contact_id: number; request_id: string[]; merged: boolean };
export type List<Name extends string, Item> = {
  _page: number;
  _links: { self: { href: string }; next?: { href: string } };
  _embedded: Record<Name, Item[]>;
};

export type LeadRow = {
  id: number;
  status_id: number;
  pipeline_id: number;
  closed_at: number | null;
  custom_fields_values: { field_code: string | null; values: { value: unknown }[] }[] | null;
  _embedded: { tags: { name: string }[]; contacts?: { id: number; is_main: boolean }[] };
};

export type ContactRow = {
  id: number;
  name: string;
  custom_fields_values:
    { field_code: string | null; values: { value: string; enum_code: string }[] }[] | null;
  _embedded: { leads?: { id: number }[] };
};

/** For tests of something else: the stopped clock counts all their calls into one second. */
export const manyCalls = { amocrm: { ratePerSecond: 1000, accountRatePerSecond: 1000 } };

export const phone = (value: string) => ({ field_code: 'PHONE', values: [{ value }] });
export const email = (value: string) => ({ field_code: 'EMAIL', values: [{ value }] });

/** One item for leads/complex. */
export const complexLead = (
  change: Record<string, unknown> = {},
  contact: Record<string, unknown> = {},
) => ({
  name: 'Айгерим: профтест',
  pipeline_id: PIPELINE,
  _embedded: {
    contacts: [
      {
        name: 'Айгерим',
        custom_fields_values: [phone('+77051234567'), email('aigerim@pochta-almaty.kz')],
        ...contact,
      },
    ],
  },
  ...change,
});

/** Makes a deal with its contact. */
export async function makeLead(
  sandbox: Sandbox,
  change: Record<string, unknown> = {},
): Promise<Complex> {
  const item = complexLead();
  const embedded = { ...item._embedded, ...(change['_embedded'] as object | undefined) };
  const { body } = await amo<Complex[]>(sandbox, 'POST', '/api/v4/leads/complex', [
    { ...item, ...change, _embedded: embedded },
  ]);
  const [made] = body;
  if (made === undefined) throw new Error(`no deal was made: ${JSON.stringify(body)}`);
  return made;
}
