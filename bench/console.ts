/** How long the console's pages and searches take with very many leads in the database, and how heavy the first one is. */
import { brotliDecompressSync } from 'node:zlib';
import {
  PASSWORD,
  addressOf,
  signedIn,
  startRig,
  type Rig,
  type Visitor,
} from '../services/console/test/rig.ts';
import { say } from '../scripts/machine/progress.mjs';
import type { Outcome } from './outcome.ts';
import { spreadOf } from './percentiles.ts';
import { table } from './table.ts';

/** CONSOLE's promises: the slowest of twenty pages, and the first page with everything it needs. */
const P95_MS = 150;
const FIRST_PAGE_BYTES = 150 * 1024;

export interface ConsoleOptions {
  leads: number | undefined;
  requests: number | undefined;
}

/** Prints a table: being slow is no broken promise. */
export async function benchConsole({
  leads = 200_000,
  requests = 40,
}: ConsoleOptions): Promise<Outcome> {
  const rig = await startRig({}, { isFresh: true });
  try {
    const startedAt = performance.now();
    await fill(rig, leads);
    say(`${leads} leads with their messages written in ${seconds(startedAt)}\n`);
    const visitor = await signedIn(rig, 'owner');
    const rows: string[][] = [];
    for (const [name, path] of await pagesOf(rig, visitor)) {
      rows.push(await measure(visitor, name, path, requests));
    }
    say(table(['page', 'first ms', 'p50 ms', 'p95 ms', 'max ms', `under ${P95_MS} ms`], rows));
    const bytes = await weigh(rig);
    const name = 'the first page to its 150 KB';
    return { broken: [], ratios: [{ name, value: bytes / FIRST_PAGE_BYTES, better: 'less' }] };
  } finally {
    await rig.close();
  }
}

const seconds = (startedAt: number) => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;

/** SQL for the id of row `i` of what `kind` says: a version 4, as the console expects of an id. */
const idOf = (kind: string) =>
  `overlay(overlay(md5(${kind} || i) placing '4' from 13) placing '8' from 17)::uuid`;

/** Rows as lead-store leaves them: over a year, the newest now; two messages each, one of fifty in trouble. */
async function fill({ landing }: Rig, leads: number): Promise<void> {
  const { sql } = landing.landing;
  const name = `(array['Айгерим','Данияр','Мадина','Ерлан','Әсел','Тимур','Динара','Нурлан','Жанна','Арман'])[1 + i % 10]
    || ' ' || (array['Сапарова','Ахметов','Ким','Жұмабаев','Оспанова','Ибраев','Ли','Серікқызы'])[1 + i / 10 % 8]`;
  // An index that is made at the end is made in a tenth of the time.
  const [index] = await sql<{ made: string }>(
    "select pg_get_indexdef('landing_leads_search_idx'::regclass) as made",
  );
  await sql('drop index landing_leads_search_idx');
  const part = 20_000;
  for (let from = 1; from <= leads; from += part) {
    const rows = `generate_series(${from}, ${Math.min(leads, from + part - 1)}) as i`;
    const at = `now() - make_interval(secs => (${leads} - i) * ${Math.round(31_536_000 / leads)})`;
    await sql(`insert into landing_leads (id, kind, campaign, name, email, phone, utm_source, created_at, email_status,
        sms_status, sms_error, amocrm_synced, amocrm_deal_id, amocrm_stage)
      select ${idOf("'lead'")}, case when i % 3 = 0 then 'purchase' else 'proftest' end, 'spring_a', ${name},
        'person' || i || '@leadwire-sample.kz', '+7700' || lpad(i::text, 7, '0'),
        (array['instagram','facebook','google','tiktok'])[1 + i % 4], ${at}, 'sent',
        case when i % 50 = 0 then 'failed' else 'sent' end, case when i % 50 = 0 then 'not enough money' end,
        true, i, (array['Новая','В работе','Оплата'])[1 + i % 3] from ${rows}`);
    await sql(`insert into scheduled_notifications (id, lead_id, channel, template, status, created_at, scheduled_for, sent_at)
      select ${idOf('c')}, ${idOf("'lead'")}, c, 'proftest-result', 'sent', ${at}, ${at}, ${at}
      from ${rows}, unnest(array['email', 'sms']) as c`);
  }
  await sql(index?.made ?? '');
  await fillOutcomes(sql, leads);
  // What a server's autovacuum does by itself after so many rows.
  for (const name of ['landing_leads', 'scheduled_notifications', 'crm_deals', 'sales']) {
    await sql(`vacuum analyze ${name}`);
  }
}

/** What reports are made of: every second lead has a deal that was looked at, every twentieth bought, each source costs. */
async function fillOutcomes(sql: Rig['landing']['landing']['sql'], leads: number): Promise<void> {
  const at = `now() - make_interval(secs => (${leads} - i) * ${Math.round(31_536_000 / leads)})`;
  await sql(`insert into crm_deals (id, deal_id, moved_at) select ${idOf("'lead'")}, i, ${at} + interval '1 hour'
    from generate_series(2, ${leads}, 2) as i`);
  await sql(`insert into sales (id, student_id, amount, sold_at, first_lead_id, last_lead_id)
    select ${idOf("'sale'")}, ${idOf("'student'")}, 45000, ${at}, ${idOf("'lead'")}, ${idOf("'lead'")}
    from generate_series(20, ${leads}, 20) as i`);
  await sql(`insert into ad_spend (day, utm_source, amount) select d::date, s, 20000
    from generate_series(now() - interval '364 days', now(), interval '1 day') as d,
      unnest(array['instagram','facebook','google','tiktok']) as s`);
}

/** What is asked for: each page by its name. A search is posted and answers with the address of its page. */
async function pagesOf(rig: Rig, visitor: Visitor): Promise<[string, string][]> {
  const search = async (fields: Record<string, string>) =>
    (await visitor.post('/leads', { period: '30', ...fields })).headers.get('location') ?? '';
  const [lead] = await rig.landing.landing.sql<{ id: string }>(
    'select id from landing_leads order by created_at limit 1',
  );
  const [old] = await rig.landing.landing.sql<{ at: string; id: string }>(
    `select to_json(created_at) #>> '{}' as at, id from landing_leads order by created_at limit 1 offset 5000`,
  );
  const after = new URLSearchParams({ after: `${old?.at},${old?.id}` });
  return [
    ['Сегодня', '/'],
    ['Заявки', '/leads'],
    ['Заявки, a page far back', `${await search({ period: 'all' })}&${after.toString()}`],
    ['with trouble', await search({ troubled: '1', period: 'all' })],
    ['one source, a year', await search({ sources: 'google', period: '365' })],
    ['four digits', await search({ words: '4321' })],
    ['a whole phone', await search({ words: '8 (700) 012-34-56' })],
    ['a name', await search({ words: 'серик' })],
    ['a name and digits', await search({ words: 'мадина 0777' })],
    ['what everybody has', await search({ words: 'leadwire-sample' })],
    ['what nobody has', await search({ words: 'xyzzy' })],
    ['a lead', `/leads/${lead?.id}`],
    ['Проблемы', '/problems'],
    ['Отчёты, 30 days', '/reports'],
    ['Отчёты, 30 days by ad', '/reports?by=ad'],
    ['Отчёты, 90 days by day', '/reports?by=day&days=90'],
    ['Отчёты, a year by source', '/reports?days=365'],
    ['Настройки', '/settings'],
    ['Журнал', '/settings/audit'],
  ];
}

/** Two people at once, as the machine has two cores. The first answer of each stands alone: caches are empty. */
async function measure(visitor: Visitor, name: string, path: string, requests: number) {
  const times: number[] = [];
  const ask = async () => {
    const startedAt = performance.now();
    const answer = await visitor.get(path);
    await answer.text();
    if (answer.status !== 200) throw new Error(`${name}: ${answer.status}`);
    return performance.now() - startedAt;
  };
  const first = await ask();
  const person = async () => {
    for (let n = 0; n < requests / 2; n += 1) times.push(await ask());
  };
  await Promise.all([person(), person()]);
  const { p50, max } = spreadOf(times);
  const p95 = [...times].sort((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1] ?? NaN;
  const shown = [first, p50, p95, max].map((ms) => ms.toFixed(0));
  return [name, ...shown, p95 < P95_MS ? 'yes' : 'no'];
}

/** What comes over the wire for somebody's first page: the page, and each asset that it names, compressed as served. */
async function weigh({ url }: Rig): Promise<number> {
  const headers = { 'accept-encoding': 'br' };
  const jar = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ email: addressOf('owner'), password: PASSWORD }),
  });
  const cookie = jar.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const page = await rawBytes(`${url}/leads`, { ...headers, cookie });
  const text = brotliDecompressSync(page).toString();
  const assets = new Set(
    [...text.matchAll(/(?:href|src)="(\/assets\/[^"#]+)/g)].map(([, path]) => path ?? ''),
  );
  let sum = page.length;
  for (const path of assets) sum += (await rawBytes(url + path, headers)).length;
  const isLight = sum < FIRST_PAGE_BYTES ? 'yes' : 'no';
  const files = `Заявки, cold: ${assets.size + 1} files`;
  say(`\n${files}, ${(sum / 1024).toFixed(0)} KB over the wire (under 150 KB: ${isLight})`);
  return sum;
}

/** Bytes as they are sent: fetch would unpack them. */
async function rawBytes(url: string, headers: Record<string, string>): Promise<Buffer> {
  const { get } = await import('node:http');
  return new Promise((resolve, reject) => {
    get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    }).on('error', reject);
  });
}
