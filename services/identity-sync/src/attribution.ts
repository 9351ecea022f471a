/**
 * Students and people of the platform learn which ad brought them: the first and the last lead of their contacts goes into
 * their row. It looks at what is there, so neither the order of events nor a row that came late matters.
 */
import { readEmail } from '@leadwire/shared/contacts/emails';
import { readPhone } from '@leadwire/shared/contacts/phones';
import type { StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { StaffProject } from '@leadwire/operations/staff/projects';
import { z } from 'zod';

/** The tables that bear attribution. */
const TABLES = { tripwire: 'tripwire_users', main: 'users' } as const;
/** Looked for in one go; the next go takes the next ones. */
const MOST = 500;

const contact = z.string().nullable();
const waitingSchema = z.array(
  z.object({ id: z.string(), email: contact, phone: contact, createdAt: contact }),
);
const foundSchema = z.array(z.looseObject({ id: z.string(), leadId: z.uuid().nullable() }));

/** One go in each project that is there; one that fails keeps nothing from the other. Never throws. */
export async function attributeAll(
  projects: ReadonlyMap<StaffProjectName, StaffProject>,
  log: Log,
): Promise<void> {
  const landing = projects.get('landing')?.database;
  for (const [name, table] of Object.entries(TABLES)) {
    const database = projects.get(name as keyof typeof TABLES)?.database;
    if (!landing || !database) continue;
    try {
      const most = { most: MOST };
      const waiting = await database.call(`leadwire_unattributed_${table}`, most, waitingSchema);
      if (waiting.length === 0) continue;
      const rows = waiting.map(({ email, phone, ...rest }) => ({
        ...rest,
        email: email === null ? null : readEmail(email).email,
        phone: phone === null ? null : readPhone(phone).phone,
      }));
      const found = await landing.call('leadwire_leads_of_contacts', { rows }, foundSchema);
      await database.storeRows(`leadwire_attribute_${table}`, found);
      const known = found.filter(({ leadId }) => leadId !== null).length;
      if (known > 0) log.info({ project: name, known }, 'people learned which lead brought them');
    } catch (thrown) {
      log.warn({ project: name, err: toError(thrown) }, 'attribution could not be written');
    }
  }
}
