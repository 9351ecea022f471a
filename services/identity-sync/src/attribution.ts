/**
 * Students and people of the platform learn which ad brought them: the first and the last lead of their contacts goes into
 * their row. It looks at what is there, so neither the order of events nor a row that came late matters. Tags that stand
 * there already stay; where they say something else than the lead, a person decides in the console.
 */
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import type { StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { toError } from '@leadwire/shared/errors';
import type { Database } from '@leadwire/shared/providers/supabase';
import type { Log } from '@leadwire/shared/runtime/log';
import type { StaffProject } from '@leadwire/operations/staff/projects';
import { z } from 'zod';

/** The tables that bear attribution. */
const TABLES = { tripwire: 'tripwire_users', main: 'users' } as const;
/** Looked for in one go; the next go takes the next ones. */
const MOST = 500;

const text = z.string().nullable();
const tag = text.optional();
const waitingSchema = z.array(
  z.object({
    id: z.string(),
    email: text,
    phone: text,
    createdAt: text,
    source: tag,
    campaign: tag,
  }),
);
type Waiting = z.infer<typeof waitingSchema>[number];
const foundSchema = z.array(
  z.looseObject({
    id: z.string(),
    leadId: z.uuid().nullable(),
    utm: z.looseObject({ source: tag, campaign: tag }).nullish(),
  }),
);
type Found = z.infer<typeof foundSchema>[number];
const decidedSchema = z.array(z.looseObject({ id: z.string() }));

/** One go in each project that is there; one that fails keeps nothing from the other. Never throws. */
export async function attributeAll(
  projects: ReadonlyMap<StaffProjectName, StaffProject>,
  log: Log,
): Promise<void> {
  const landing = projects.get('landing')?.database;
  for (const name of Object.keys(TABLES) as (keyof typeof TABLES)[]) {
    const database = projects.get(name)?.database;
    if (!landing || !database) continue;
    try {
      const { known, contradicting } = await attribute(name, landing, database);
      const retagged = await carryDecisions(name, landing, database);
      if (known + retagged === 0) continue;
      log.info(
        { project: name, known, contradicting, retagged },
        'people learned which lead brought them',
      );
    } catch (thrown) {
      log.warn({ project: name, err: toError(thrown) }, 'attribution could not be written');
    }
  }
}

async function attribute(project: keyof typeof TABLES, landing: Database, database: Database) {
  const table = TABLES[project];
  const most = { most: MOST };
  const waiting = await database.call(`leadwire_unattributed_${table}`, most, waitingSchema);
  if (waiting.length === 0) return { known: 0, contradicting: 0 };
  const rows = waiting.map(({ id, createdAt, email, phone }) => ({
    id,
    createdAt,
    email: email === null ? null : readEmail(email).email,
    phone: phone === null ? null : readPhone(phone).phone,
  }));
  const found = await landing.call('leadwire_leads_of_contacts', { rows }, foundSchema);
  const conflicts = contradictions(project, waiting, found);
  // Before the row has its lead: whoever dies in between notes it again.
  if (conflicts.length > 0)
    await landing.storeRows('leadwire_note_attribution_conflicts', conflicts);
  await database.storeRows(`leadwire_attribute_${table}`, found);
  const known = found.filter(({ leadId }) => leadId !== null).length;
  return { known, contradicting: conflicts.length };
}

/** Rows whose own source or campaign is another one than that of their lead. A tag that is missing contradicts nothing. */
export function contradictions(
  project: string,
  waiting: readonly Waiting[],
  found: readonly Found[],
): object[] {
  const leads = new Map(found.map((each) => [each.id, each]));
  return waiting.flatMap(({ id, source, campaign }) => {
    const { leadId, utm } = leads.get(id) ?? {};
    if (!leadId || !utm) return [];
    if (!differ(source, utm.source) && !differ(campaign, utm.campaign)) return [];
    return [{ project, rowId: id, leadId, said: { source, campaign } }];
  });
}

function differ(one: string | null | undefined, other: string | null | undefined): boolean {
  const [a, b] = [one, other].map((tag) => (tag ?? '').trim().toLowerCase().slice(0, 500));
  return a !== '' && b !== '' && a !== b;
}

/** What people have decided for the lead is written there, then noted as done: in between it is written once more. */
async function carryDecisions(project: keyof typeof TABLES, landing: Database, database: Database) {
  const asked = { in_project: project, most: MOST };
  const decided = await landing.call('leadwire_decided_attributions', asked, decidedSchema);
  if (decided.length === 0) return 0;
  await database.storeRows(`leadwire_retag_${TABLES[project]}`, decided);
  const done = { in_project: project, row_ids: decided.map(({ id }) => id) };
  return landing.call('leadwire_carried_attributions', done, z.number());
}
