/**
 * `npm start -- --demo`: something to look at on every screen. A month of invented people goes straight into the
 * database; today's leads, the troubles among them included, are sent through the form and go all the way.
 */
import { openBus } from '@leadwire/shared/broker/bus';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { createLog } from '@leadwire/shared/runtime/log';
import { createStaffAccounts } from '@leadwire/operations/staff/accounts';
import { createStaffDirectory } from '@leadwire/operations/staff/directory';
import { addStaff } from '@leadwire/operations/staff/staff';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { makeHistory, type DemoRow } from './demo-history.ts';

/** Rows of one request to the database. */
const AT_ONCE = 200;

/** People who work here, invented as everybody else. */
const STAFF: readonly { email: string; name: string; role: StaffRole; utmSources?: string[] }[] = [
  { email: 'aida@leadwire-sample.kz', name: 'Аида Мұратқызы', role: 'sales' },
  { email: 'arman@leadwire-sample.kz', name: 'Арман Тулеген', role: 'sales' },
  {
    email: 'dana@leadwire-sample.kz',
    name: 'Дана Ким',
    role: 'targetologist',
    utmSources: ['instagram'],
  },
];

/** The mail provider refuses this address for good: a message that waits in «Проблемы». */
const REFUSED = 'refused@leadwire-sample.kz';

/** Forms as today's visitors fill them in. */
const TODAY: readonly DemoRow[] = [
  {
    name: 'Мадина Сапар',
    email: 'madina@leadwire-sample.kz',
    phone: '8 (700) 000-18-45',
    utm_source: 'instagram',
    utm_content: 'reels_buh',
    answers: { Опыт: 'нет', Ближе: 'Цифры и порядок' },
  },
  {
    name: 'Данияр Ахмет',
    email: 'daniyar@leadwire-sample.kz',
    phone: '+7 700 000 40 07',
    utm_source: 'facebook',
    utm_content: 'video_b',
  },
  {
    name: 'Әсел Нұрлан',
    email: 'asel@leadwire-sample.kz',
    phone: '87000002231',
    utm_source: 'google',
  },
  // A digit is missing: no SMS, and the reason is said.
  {
    name: 'Тимур Ли',
    email: 'timur@leadwire-sample.kz',
    phone: '8 700 000 31 1',
    utm_source: 'instagram',
    utm_content: 'stories_1c',
  },
  {
    name: 'Жанна Оспан',
    email: REFUSED,
    phone: '+77000005520',
    utm_source: 'tiktok',
    utm_content: 'clip_3',
  },
  {
    name: 'Ерлан Ибрай',
    email: 'erlan@leadwire-sample.kz',
    phone: '+77000006612',
    utm_source: 'instagram',
    utm_content: 'reels_buh',
  },
];
/** A bot fills in the field that no visitor sees: it is held. */
const BOT: DemoRow = {
  name: 'Best SEO',
  email: 'seo@leadwire-sample.kz',
  phone: '+77000009999',
  website: 'https://leadwire-sample.kz',
};

/** Where invented people would do harm. */
const PLACES = [
  'LANDING_SUPABASE_URL',
  'RESEND_BASE_URL',
  'MOBIZON_BASE_URL',
  'AMOCRM_BASE_URL',
  'TELEGRAM_BASE_URL',
];

/** The settings that lead to accounts of somebody's own: there the demo is refused. */
export function accountsIn(env: NodeJS.ProcessEnv): string[] {
  return PLACES.filter((name) => !/^http:\/\/(127\.0\.0\.1|localhost):\d/.test(env[name] ?? ''));
}

/** Only for a stack of one's own: @throws what the database or a service answers. Given again it adds nothing twice. */
export async function seedDemo(env: NodeJS.ProcessEnv, sandboxUrl: string): Promise<void> {
  const stateless = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
  const url = env['LANDING_SUPABASE_URL'] ?? '';
  const client = createClient(url, env['LANDING_SUPABASE_SERVICE_KEY'] ?? '', { auth: stateless });
  const history = makeHistory(new Date());
  await store(client, 'landing_leads', history.leads);
  await store(client, 'scheduled_notifications', history.deliveries);
  await store(client, 'sales', history.sales);
  await hire(client, env);
  await refuseOneAddress(sandboxUrl);
  const day = new Date().toISOString().slice(0, 10);
  for (const [index, body] of [...TODAY, BOT].entries()) {
    await submit(env['LANDING_API_URL'] ?? '', body, `demo-${day}-${index}`);
  }
}

async function store(
  client: SupabaseClient,
  table: string,
  rows: readonly DemoRow[],
): Promise<void> {
  // A request has one set of columns.
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const even = rows.map((row) =>
    Object.fromEntries(columns.map((name) => [name, row[name] ?? absent(name)])),
  );
  for (let from = 0; from < even.length; from += AT_ONCE) {
    const some = even.slice(from, from + AT_ONCE);
    await client
      .from(table)
      .upsert(some, { onConflict: 'id', ignoreDuplicates: true })
      .throwOnError();
  }
}

/** What a flag is that nobody set. */
const absent = (column: string) => (/^(email|sms)_sent$/.test(column) ? false : null);

async function hire(client: SupabaseClient, env: NodeJS.ProcessEnv): Promise<void> {
  const log = createLog('npm start', 'silent');
  const bus = openBus({ url: env['NATS_URL'] ?? '', name: 'start', log, topology: 'as it is' });
  try {
    await bus.ready;
    const directory = createStaffDirectory(client);
    const accounts = createStaffAccounts(client, env['CONSOLE_URL'] ?? '');
    const parts = { directory, accounts, bus, actor: 'cli:npm start' };
    for (const person of STAFF) {
      if (!(await directory.find(person.email))) await addStaff(parts, person);
    }
  } finally {
    await bus.drain();
  }
}

async function refuseOneAddress(sandboxUrl: string): Promise<void> {
  const said = { statusCode: 422, name: 'validation_error', message: 'Invalid `to` field.' };
  const action = { do: 'fixed', status: 422, body: JSON.stringify(said) };
  const rule = { id: 'demo-refused', title: 'Демо: один адрес не принимается', provider: 'resend' };
  await post(`${sandboxUrl}/__sim/faults`, { ...rule, bodyIncludes: REFUSED, action });
}

async function submit(api: string, body: DemoRow, key: string): Promise<void> {
  await post(`${api}/api/landing/proftest/spring_a`, body, { 'idempotency-key': key });
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok)
    throw new Error(`${url}: ${answer.status} ${(await answer.text()).slice(0, 200)}`);
}
