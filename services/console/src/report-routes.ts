/** Отчёты: the numbers, the same as a file, and what advertising cost. */
import { periodBefore, type Report, type ReportQuery } from '@leadwire/operations/reports/report';
import type { Cohort } from '@leadwire/operations/reports/cohorts';
import { reportCsv } from '@leadwire/operations/reports/report-words';
import { SpendError, importSpend, readSpend } from '@leadwire/operations/reports/spend';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { readCohorts, readReport, writeSpend } from './data/reports.ts';
import type { Route, Visit } from './http/route.ts';
import { choiceOf } from './pages/report-choice.ts';
import { cohortTable } from './pages/report-cohorts.ts';
import { reportsPage } from './pages/reports-page.ts';
import { spendPage, spendProblem, spendTold } from './pages/spend-page.ts';
import type { Clock } from './words/time.ts';

const READERS: readonly StaffRole[] = ['owner', 'viewer', 'targetologist'];
const SPEND = 'Расход на рекламу';
/** Sums of a whole period: so little changes in this time, and adding them up is the dearest thing of all. */
const FRESH_MS = 20_000;

export function reportRoutes({ bus, clock }: { bus: Bus; clock: Clock }): Route[] {
  const reports = createReports(clock);
  return [
    {
      method: 'GET',
      path: '/reports',
      roles: READERS,
      async handle(visit) {
        const { query, person } = visit;
        const choice = choiceOf(query, clock);
        const then = periodBefore(choice);
        const [report, before, cohorts] = await Promise.all([
          reports.read(visit, choice),
          reports.read(visit, then),
          reports.cohorts(visit, choice),
        ]);
        const isOwner = person.role === 'owner';
        const isOwnTags = person.role === 'targetologist';
        return {
          title: 'Отчёты',
          body: reportsPage({
            report,
            before,
            then,
            choice,
            isOwner,
            isOwnTags,
            cohorts: cohortTable(cohorts, choice, clock.now()),
          }),
        };
      },
    },
    {
      method: 'GET',
      path: '/reports/csv',
      roles: READERS,
      async handle(visit) {
        const choice = choiceOf(visit.query, clock);
        const file = reportCsv(await reports.read(visit, choice), choice.by);
        return { file, name: `leadwire-${choice.by}-${choice.since}-${choice.until}.csv` };
      },
    },
    {
      method: 'GET',
      path: '/reports/spend',
      roles: ['owner'],
      handle: () => ({ title: SPEND, body: spendPage({ table: '', source: '' }) }),
    },
    {
      method: 'POST',
      path: '/reports/spend',
      roles: ['owner'],
      async handle({ client, form, person }) {
        const table = form.get('table') ?? '';
        const source = (form.get('source') ?? '').trim();
        try {
          const rows = readSpend(table, source || undefined);
          const done = await importSpend({ bus, actor: person.email }, rows, writeSpend(client));
          reports.forget();
          return { title: SPEND, body: spendPage({ table: '', source, told: spendTold(done) }) };
        } catch (thrown) {
          if (!(thrown instanceof SpendError)) throw thrown;
          return { title: SPEND, body: spendPage({ table, source, told: spendProblem(thrown) }) };
        }
      },
    },
  ];
}

/** One reading for all who see the same rows. A targetologist's tags may change at any moment: theirs is read each time. */
function createReports(clock: Clock) {
  const kept = new Map<string, { until: number; read: Promise<unknown> }>();

  const fresh = <Read>(what: string, asked: ReportQuery, read: () => Promise<Read>) => {
    const now = clock.now().getTime();
    for (const [key, { until }] of kept) if (until <= now) kept.delete(key);
    const { since, until, timeZone, by, touch, source, campaign, manager } = asked;
    const chosen = [by, touch, source, campaign, manager].map((each) => each ?? null);
    const key = JSON.stringify([what, since, until, timeZone, ...chosen]);
    const known = kept.get(key);
    // A key is of one kind of reading.
    if (known) return known.read as Promise<Read>;
    const reading = read();
    kept.set(key, { until: now + FRESH_MS, read: reading });
    reading.catch(() => kept.delete(key));
    return reading;
  };
  const isOwnTags = ({ person }: Visit) => person.role === 'targetologist';

  return {
    forget: () => kept.clear(),
    read(visit: Visit, asked: ReportQuery): Promise<Report> {
      const read = () => readReport(visit.client, asked);
      return isOwnTags(visit) ? read() : fresh('report', asked, read);
    },
    cohorts(visit: Visit, asked: ReportQuery): Promise<Cohort[]> {
      const read = () => readCohorts(visit.client, asked);
      return isOwnTags(visit) ? read() : fresh('cohorts', asked, read);
    },
  };
}
