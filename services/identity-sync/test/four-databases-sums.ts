/** The sums of January, as the report and the dashboard have them, and the sales that they are made of. */
import { reportSchema, type Grouping } from '@leadwire/operations/reports/report';
import { countTrafficDays } from '@leadwire/operations/reports/traffic-days';
import type { FourDatabases } from './four-databases-rig.ts';

const JANUARY = { since: '2026-01-01', until: '2026-01-31', timeZone: 'Asia/Almaty' };
/** Of each sale, in tenge. */
export const AMOUNT = 5_000;

/** What the student of this number bought in January, or gave back in February. */
export const buy = (n: number, refunded = false) => ({
  saleId: `6f0b8a52-6f0e-4a0e-9d51-5a3b8a1f${String(2000 + n)}`,
  studentId: String(n),
  phone: `+7700000${String(n).padStart(4, '0')}`,
  ...(refunded
    ? { refundedAt: '2026-02-02T10:00:00.000Z' }
    : { amount: AMOUNT, soldAt: '2026-01-20T10:00:00.000Z' }),
});

/** `four` is asked with each call: before the tests begin there are no databases. */
export function sumsOf(four: () => FourDatabases) {
  const databaseOf = (name: 'landing' | 'traffic') => four().projects.get(name)!.database;

  /** By last touch. */
  async function report(by: Grouping) {
    const asked = { ...JANUARY, by, touch: 'last' };
    return databaseOf('landing').call('leadwire_report', { asked }, reportSchema);
  }

  /** Counts the dashboard's days anew. */
  const recount = () =>
    countTrafficDays({ landing: databaseOf('landing'), traffic: databaseOf('traffic') }, JANUARY);

  /** The dashboard's sums by source; `what` is a where clause, or empty. */
  const days = (what: string) =>
    four().databases.traffic.sql<{
      source: string;
      leads: number;
      sales: number;
      revenue: number;
      spend: number;
    }>(
      `select lower(utm_source) as source, sum(leads)::int as leads, sum(sales)::int as sales,
         sum(revenue)::int as revenue, sum(spend_kzt)::int as spend from traffic_daily_stats ${what} group by 1 order by 1`,
    );

  /** As lead-store does: the sales, and whose they are. */
  async function store(rows: ReturnType<typeof buy>[]) {
    const landing = databaseOf('landing');
    await landing.storeRows('leadwire_store_sales', rows);
    const ties = rows.map(({ saleId, studentId, phone }) => ({
      saleId,
      studentId,
      phone,
      at: '2026-01-20T10:00:00.000Z',
    }));
    await landing.storeRows('leadwire_tie_people', ties);
  }

  return { report, recount, days, store };
}
