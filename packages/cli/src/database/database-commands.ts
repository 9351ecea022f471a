/** `leadwire database apply`: the schema of the Supabase projects, before the services that write to them. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { toError } from '@leadwire/shared/errors';
import { applyMigrations, readMigrations } from '@leadwire/supabase-local/migrate';
import {
  LANDING_MIGRATIONS,
  MAIN_MIGRATIONS,
  TRAFFIC_MIGRATIONS,
  TRIPWIRE_MIGRATIONS,
} from '@leadwire/supabase-local/migrations';
import { checkLanding, checkMain, checkTraffic, checkTripwire } from '../doctor/doctor-checks.ts';
import type { Check, Finding } from '../doctor/finding.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { withPostgres } from './postgres.ts';
import { counted, paint, say } from '../terminal.ts';
import { addForgetPasswordsCommand } from './forget-passwords.ts';

/** A database on a small machine is there a minute after it was started. */
const PATIENCE_MS = 120_000;
const LOOK_AGAIN_MS = 1_000;

interface Project {
  name: string;
  migrations: string;
  urlVariable:
    'LANDING_DATABASE_URL' | 'TRIPWIRE_DATABASE_URL' | 'TRAFFIC_DATABASE_URL' | 'MAIN_DATABASE_URL';
  check: Check;
  /** What the Supabase CLI does instead. */
  push: string;
}

const PROJECTS: readonly Project[] = [
  {
    name: 'landing',
    migrations: LANDING_MIGRATIONS,
    urlVariable: 'LANDING_DATABASE_URL',
    check: checkLanding,
    push: 'supabase db push',
  },
  {
    name: 'tripwire',
    migrations: TRIPWIRE_MIGRATIONS,
    urlVariable: 'TRIPWIRE_DATABASE_URL',
    check: checkTripwire,
    push: 'supabase --workdir supabase/tripwire db push',
  },
  {
    name: 'traffic',
    migrations: TRAFFIC_MIGRATIONS,
    urlVariable: 'TRAFFIC_DATABASE_URL',
    check: checkTraffic,
    push: 'supabase --workdir supabase/traffic db push',
  },
  {
    name: 'main',
    migrations: MAIN_MIGRATIONS,
    urlVariable: 'MAIN_DATABASE_URL',
    check: checkMain,
    push: 'supabase --workdir supabase/main db push',
  },
];

export function addDatabaseCommands(program: Command, readEnv: () => CliEnv): void {
  const database = program.command('database').description('the schemas of the Supabase projects');
  addForgetPasswordsCommand(database, readEnv);
  database
    .command('apply')
    .description(
      'apply pending migrations where LANDING_, TRIPWIRE_, TRAFFIC_ or MAIN_DATABASE_URL is given, and look at the schemas in any case',
    )
    .action(async () => {
      const env = readEnv();
      const found: { project: string; problem: string | null }[] = [];
      for (const project of PROJECTS) {
        const problem = (await bringUpToDate(project, env)) ?? null;
        found.push({ project: project.name, problem });
      }
      answer(found);
      const problems = found.flatMap(({ problem }) => problem ?? []);
      if (problems.length > 0) throw new FailedError(problems.join('\n'));
    });
}

/** What is still wrong with the project, in words, or undefined. */
async function bringUpToDate(project: Project, env: CliEnv): Promise<string | undefined> {
  const url = env[project.urlVariable];
  try {
    if (url !== undefined) await migrate(project, url);
  } catch (thrown) {
    return `${project.name}: ${toError(thrown).message}`;
  }
  const finding = await answerOf(project, env);
  if (finding?.state !== 'broken') {
    say(`${project.name}: ${finding?.detail ?? ''}`);
    return undefined;
  }
  const remedy = `Run "${project.push}", or give ${project.urlVariable} and start again.`;
  return `${project.name}: ${finding.detail}${url === undefined ? `\n${remedy}` : ''}`;
}

/** What the check finds; a project that does not answer yet may still be starting. */
async function answerOf({ check }: Project, env: CliEnv): Promise<Finding | undefined> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const [finding] = await check(env);
    if (!finding?.isUnreachable || Date.now() > until) return finding;
    await delay(LOOK_AGAIN_MS);
  }
}

async function migrate({ name, migrations }: Project, url: string): Promise<void> {
  const all = await readMigrations(migrations);
  const applied = await withPostgres(url, (target) => applyMigrations(target, all));
  const what = applied.length > 0 ? `applied ${applied.join(', ')}` : 'nothing to apply';
  say(paint('green', `${name}: ${what} (${counted(all.length, 'migration')} in all)`));
}
