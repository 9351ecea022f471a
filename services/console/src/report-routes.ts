/** Отчёты: the numbers, the same as a file, and what advertising cost. */
import { periodBefore } from '@leadwire/operations/reports/report';
import { reportCsv } from '@leadwire/operations/reports/report-words';
import { SpendError, importSpend, readSpend } from '@leadwire/operations/reports/spend';
import type { Bus } from '@leadwire/shared/broker/bus';
import type { StaffRole } from '@leadwire/shared/contract/staff-facts';
import { readReport, writeSpend } from './data/reports.ts';
import type { Route } from './http/route.ts';
import { choiceOf } from './pages/report-choice.ts';
import { reportsPage } from './pages/reports-page.ts';
import { spendPage, spendProblem, spendTold } from './pages/spend-page.ts';
import type { Clock } from './words/time.ts';

const READERS: readonly StaffRole[] = ['owner', 'viewer', 'targetologist'];
const SPEND = 'Расход на рекламу';

export function reportRoutes({ bus, clock }: { bus: Bus; clock: Clock }): Route[] {
  return [
    {
      method: 'GET',
      path: '/reports',
      roles: READERS,
      async handle({ client, query, person }) {
        const choice = choiceOf(query, clock);
        const then = periodBefore(choice);
        const [report, before] = await Promise.all([
          readReport(client, choice),
          readReport(client, then),
        ]);
        const isOwner = person.role === 'owner';
        const isOwnTags = person.role === 'targetologist';
        return {
          title: 'Отчёты',
          body: reportsPage({ report, before, then, choice, isOwner, isOwnTags }),
        };
      },
    },
    {
      method: 'GET',
      path: '/reports/csv',
      roles: READERS,
      async handle({ client, query }) {
        const choice = choiceOf(query, clock);
        const file = reportCsv(await readReport(client, choice), choice.by);
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
          return { title: SPEND, body: spendPage({ table: '', source, told: spendTold(done) }) };
        } catch (thrown) {
          if (!(thrown instanceof SpendError)) throw thrown;
          return { title: SPEND, body: spendPage({ table, source, told: spendProblem(thrown) }) };
        }
      },
    },
  ];
}
