/** The list of leads as a file, as whoever asks may see it. What was taken away is written into the audit log. */
import { MANY, audited } from '@leadwire/operations/audit/audited';
import type { Bus } from '@leadwire/shared/broker/bus';
import { staffRoles } from '@leadwire/shared/contract/staff-facts';
import type { Seal } from '@leadwire/shared/runtime/seal';
import { findLeads, type LeadRow } from './data/leads.ts';
import { seesContacts } from './data/person.ts';
import type { Route, Visit } from './http/route.ts';
import { choiceOfQuery, queryOf } from './pages/lead-choice.ts';
import { leadsFile } from './pages/leads-file.ts';
import type { Clock } from './words/time.ts';

/** Rows of one question to the database, and of a file: what a spreadsheet still opens at once. */
const AT_ONCE = 1_000;
const MOST_ROWS = 20_000;

export function leadFileRoute(parts: { bus: Bus; clock: Clock; seal: Seal }): Route {
  const { bus, clock, seal } = parts;
  return {
    method: 'GET',
    path: '/leads/csv',
    roles: staffRoles,
    async handle(visit) {
      const { person, query } = visit;
      const asked = queryOf(choiceOfQuery(query, seal), clock.now());
      const what = { actor: person.email, action: 'lead.exported', subject: MANY };
      const count = (rows: readonly LeadRow[]) => ({
        leads: rows.length,
        hasContacts: seesContacts(person),
      });
      const rows = await audited(bus, what, () => readAll(visit, asked), count);
      const day = clock.now().toISOString().slice(0, 10);
      return { file: leadsFile(rows, seesContacts(person), clock), name: `leads-${day}.csv` };
    },
  };
}

async function readAll({ client }: Visit, asked: ReturnType<typeof queryOf>): Promise<LeadRow[]> {
  const all: LeadRow[] = [];
  for (let last: LeadRow | undefined; all.length < MOST_ROWS;) {
    const after = last && { beforeAt: last.created_at ?? undefined, beforeId: last.id };
    const { rows } = await findLeads(client, { ...asked, ...after, limit: AT_ONCE });
    all.push(...rows);
    last = rows.at(-1);
    if (rows.length < AT_ONCE) break;
  }
  return all;
}
