/** How fast lead-store brings the read model up to date after it was away, against the database's own pace. */
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from '@supabase/supabase-js';
import { startNats } from '@leadwire/testing/nats';
import { startServiceProcess } from '@leadwire/testing/service-process';
import { startSupabase, type TestSupabase } from '@leadwire/testing/supabase';
import { say, step } from '../scripts/machine/progress.mjs';
import { fillLeads } from './fill-leads.ts';
import type { Outcome } from './outcome.ts';
import { processorSecondsOf } from './process-use.ts';
import { table } from './table.ts';

const EVENTS = 100_000;
/** Counting is work for the database, too. */
const LOOK_MS = 500;
/** So long without a new row, and what is missing is missing. */
const PATIENCE_MS = 60_000;
/** Rows in one statement of the comparison. With some seventy columns each, 500 are more values than Postgres takes (32,767). */
const ROWS_AT_ONCE = 250;
const COMPARED_ROWS = 5_000;

export interface CatchUpOptions {
  leads: number | undefined;
}

/** Prints a table. */
export async function benchCatchUp({ leads = EVENTS }: CatchUpOptions): Promise<Outcome> {
  const [broker, supabase] = await step('broker, databases: starting', () =>
    Promise.all([startNats(), startSupabase(undefined, { isFresh: true })]),
  );
  try {
    await step(`${leads} leads: writing them to the broker`, () => fillLeads(broker, leads));
    const env = { ...supabase.env, NATS_URL: broker.url };
    const store = await startServiceProcess({ entry: 'services/lead-store/src/main.ts', env });
    const before = busyOf(store.pid, supabase);
    const { rows, seconds } = await step<CaughtUp>(`${leads} leads: catching up`, (note) =>
      caughtUp(supabase, leads, note),
    );
    const after = busyOf(store.pid, supabase);
    await store.stop();
    const bare = await step('the same rows by bare upserts', () => bareRate(supabase));
    const rate = rows / seconds;
    const each = (part: keyof typeof before) =>
      `${(((after[part] - before[part]) / rows) * 1_000).toFixed(2)} ms`;
    const row = [
      ...[String(leads), rate.toFixed(0), bare.toFixed(0), `${(rate / bare).toFixed(2)} ×`],
      ...[each('store'), each('database')],
    ];
    say(`\n${table(HEAD, [row])}\n`);
    return {
      broken: rows === leads ? [] : [`${leads - rows} of ${leads} leads have no row`],
      ratios: [{ name: 'catching up to bare upserts', value: rate / bare, better: 'more' }],
    };
  } finally {
    await Promise.all([broker.close(), supabase.close()]);
  }
}

const HEAD = [
  ...['events', 'rows/s', 'bare upserts, rows/s', 'ratio'],
  ...['lead-store busy for a row', 'database busy'],
];

const busyOf = (pid: number, { landing }: TestSupabase) => ({
  store: processorSecondsOf(pid),
  database: processorSecondsOf(landing.pid),
});

interface CaughtUp {
  rows: number;
  seconds: number;
}

/** Resolves when all rows are there, or none has come for a minute; the time is that of the last new row. */
async function caughtUp(
  { landing }: TestSupabase,
  leads: number,
  note: (detail: string) => void,
): Promise<CaughtUp> {
  const startedAt = performance.now();
  let [rows, changedAt] = [0, startedAt];
  while (rows < leads && performance.now() - changedAt < PATIENCE_MS) {
    await delay(LOOK_MS);
    const [found] = await landing.sql<{ n: number }>(
      'select count(*)::int as n from landing_leads',
    );
    if ((found?.n ?? 0) === rows) continue;
    [rows, changedAt] = [found?.n ?? 0, performance.now()];
    note(`${rows} of ${leads}`);
  }
  return { rows, seconds: (changedAt - startedAt) / 1_000 };
}

/** Rows a second of a client that does nothing else: rows that are there are taken out and put in again. */
async function bareRate({ landing, env }: TestSupabase): Promise<number> {
  const client = createClient(env.LANDING_SUPABASE_URL, env.LANDING_SUPABASE_SERVICE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const rows = await landing.sql<{ row: Record<string, unknown> }>(
    `select to_jsonb(l) as row from landing_leads l limit ${COMPARED_ROWS}`,
  );
  await landing.sql('delete from landing_leads');
  const startedAt = performance.now();
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const part = rows.slice(from, from + ROWS_AT_ONCE).map(({ row }) => row);
    const { error } = await client.from('landing_leads').upsert(part);
    if (error) throw new Error(`bare upsert: ${error.message}`);
  }
  return (rows.length / (performance.now() - startedAt)) * 1_000;
}
