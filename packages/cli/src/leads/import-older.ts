/** `leadwire leads import-older`: rows of the tables of before, in the one table of leads. */
import {
  countOlderLeads,
  importOlderLeads,
  olderTables,
  type OlderLeads,
} from '@leadwire/operations/leads/older-leads';
import { audited } from '@leadwire/operations/audit/audited';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import type { Command } from 'commander';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { needLanding } from '../landing.ts';
import { confirm, counted, say } from '../terminal.ts';

interface Flags {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

export function addImportOlderCommand(leads: Command, readEnv: () => CliEnv): void {
  leads
    .command('import-older')
    .description(
      'bring the rows of unified_lead_tracking and of Tripwire’s lead_tracking into landing_leads, each once; nobody is written to',
    )
    .option('--dry-run', 'only say how many')
    .option('-y, --yes', 'do not ask')
    .action((flags: Flags) => importOlder(readEnv(), flags));
}

async function importOlder(env: CliEnv, flags: Flags): Promise<void> {
  const tables = await tablesOf(env);
  const waiting = await Promise.all(tables.map(countOlderLeads));
  const all = waiting.reduce((sum, count) => sum + count, 0);
  const isMeant = all > 0 && flags.dryRun !== true;
  const question = `${counted(all, 'row')} will become leads, or be tied to one. Go on?`;
  if (!isMeant || !(await confirm(question, flags.yes === true))) {
    const rows = tables.map(({ table }, index) => ({ table, waiting: waiting[index] }));
    if (flags.json) return answer(rows);
    return say(...rows.map(({ table, waiting: count }) => `${table}: ${count} to bring in`));
  }
  await withBus(env, async (bus) => {
    const done: object[] = [];
    for (const of of tables) {
      const what = { actor: actorHere(), action: 'lead.imported', subject: of.table };
      const counts = await audited(
        bus,
        what,
        () => importOlderLeads(of),
        (found) => found,
      );
      done.push({ table: of.table, ...counts });
      const { imported, tied, no_contact: none } = counts;
      say(`${of.table}: ${imported} brought in, ${tied} tied to a lead, ${none} without a contact`);
    }
    answer(done);
  });
}

/** @throws UsageError */
async function tablesOf(env: CliEnv): Promise<OlderLeads[]> {
  const landing = await needLanding(env);
  const { TRIPWIRE_SUPABASE_URL: url, TRIPWIRE_SERVICE_ROLE_KEY: serviceKey } = env;
  const tripwire =
    url !== undefined && serviceKey !== undefined
      ? createDatabase({ project: 'tripwire', url, serviceKey })
      : undefined;
  return olderTables.flatMap((table): OlderLeads[] => {
    const holder = table === 'lead_tracking' ? tripwire : landing;
    return holder ? [{ landing, holder, table }] : [];
  });
}
