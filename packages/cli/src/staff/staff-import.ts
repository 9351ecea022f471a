/** `leadwire staff import-traffic` and `staff conflicts`: one person, one login, in every project. */
import type { Command } from 'commander';
import {
  importOne,
  planImport,
  readTrafficUsers,
  type ImportPlan,
} from '@leadwire/operations/staff/import-traffic';
import { createStaffDirectory } from '@leadwire/operations/staff/directory';
import {
  checkStaffProject,
  staffProjectsOf,
  variablesOf,
  type StaffProject,
} from '@leadwire/operations/staff/projects';
import { StaffError } from '@leadwire/operations/staff/staff-error';
import { readStaffNow, readStaffSync } from '@leadwire/operations/staff/staff-sync';
import { staffRoles, type StaffRole } from '@leadwire/shared/contract/staff-facts';
import { staffProjects, type StaffProjectName } from '@leadwire/shared/contract/staff-streams';
import { toError } from '@leadwire/shared/errors';
import { actorHere } from '../actor.ts';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { columns, confirm, counted, oneLine, paint, say } from '../terminal.ts';

interface Flags {
  roleWord?: string[];
  without?: string[];
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** What each problem means and what to do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  no_mail: 'no mail address: give the row one in traffic_users, and import again',
  mail_twice:
    'two rows have this address: decide which is theirs, empty the other, and import again',
  no_hash: 'no password hash: leadwire staff add, and send them the link',
  hash_not_bcrypt: 'the hash is no bcrypt: leadwire staff add, and send them the link',
  role_unknown:
    'rights are not guessed: --role-word theirs=ours (owner, sales, targetologist, viewer)',
  no_tags:
    'a targetologist without utm_source would see nothing: give the row one, and import again',
  address_taken:
    'Auth has this address under another id: decide which account stays, and remove the other',
  other_address: 'this id has another address there: give both the same',
  two_rows: 'two rows of traffic_users have this address: empty one of them',
  row_taken: 'the row is tied to somebody else (staff_id)',
  disabled_there: 'disabled in traffic_users: set is_active, or leadwire staff disable',
};
const remedyOf = (problem: string) => REMEDIES[problem] ?? problem;

export function addStaffImportCommands(staff: Command, readEnv: () => CliEnv): void {
  staff
    .command('import-traffic')
    .description('take the people of the traffic dashboard over, with the passwords they have')
    .option('--role-word <theirs=ours...>', 'what other roles of theirs are here: admin=owner')
    .option(
      '--without <project...>',
      'leave a project out that is away; they choose a password there',
    )
    .option('--dry-run', 'only say what would be done')
    .option('-y, --yes', 'do not ask')
    .action((flags: Flags) => importTraffic(readEnv(), flags));
  staff
    .command('conflicts')
    .description('who is left as they are in another project, and what to do about it')
    .action(({ json = false }: { json?: boolean }) => listConflicts(readEnv(), json));
}

async function importTraffic(env: CliEnv, flags: Flags): Promise<void> {
  const roles = Object.fromEntries((flags.roleWord ?? []).map(readRoleWord));
  const projects = await projectsThatAnswer(env, flags.without ?? []);
  const [landing, traffic] = [need(projects, 'landing'), need(projects, 'traffic')];
  const directory = createStaffDirectory(landing.client);
  const plans = planImport(await readTrafficUsers(traffic), await directory.list(), roles);
  const fresh = plans.filter((plan) => plan.outcome === 'import');
  if (flags.dryRun) return report(plans, new Map(), flags);
  const question = `${counted(fresh.length, 'person', 'people')} will work here as in traffic_users. Go on?`;
  if (fresh.length > 0 && !(await confirm(question, flags.yes === true))) {
    return say('Nothing was changed.');
  }
  const found = new Map<ImportPlan, string>();
  await withBus(env, async (bus) => {
    const parts = { directory, projects: [...projects.values()], bus, actor: actorHere() };
    for (const plan of fresh) {
      try {
        const refused = await importOne(parts, plan);
        if (refused.length > 0) found.set(plan, `address_taken in ${refused.join(', ')}`);
      } catch (error) {
        if (!(error instanceof StaffError)) throw error;
        found.set(plan, error.problem);
      }
    }
  });
  report(plans, found, flags);
}

/** `admin=owner`. @throws UsageError */
function readRoleWord(word: string): [string, StaffRole] {
  const [theirs = '', ours] = word.toLowerCase().split('=');
  const role = staffRoles.find((one) => one === ours);
  if (theirs !== '' && role !== undefined) return [theirs, role];
  throw new UsageError(`--role-word ${word}: expected theirs=ours, such as admin=owner.`);
}

type Projects = Map<StaffProjectName, StaffProject>;

/** A password can be carried into a project only when the person is made there: so all of them first. @throws FailedError */
async function projectsThatAnswer(env: CliEnv, without: readonly string[]): Promise<Projects> {
  const unknown = without.find((name) => !staffProjects.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(`--without ${unknown}: expected ${staffProjects.join(', ')}.`);
  }
  const projects = staffProjectsOf(env);
  for (const name of staffProjects) if (without.includes(name)) projects.delete(name);
  for (const project of projects.values()) {
    await checkStaffProject(project).catch((thrown: unknown) => {
      const { name } = project;
      throw new FailedError(
        `${name}: ${toError(thrown).message}\nMend it, or leave it out: --without ${name}. Nothing was changed.`,
      );
    });
  }
  return projects;
}

function need(projects: Projects, name: StaffProjectName): StaffProject {
  const project = projects.get(name);
  if (project) return project;
  throw new UsageError(`${variablesOf(name)} are needed.`);
}

/** @throws FailedError when somebody is left for a person to decide */
function report(
  plans: readonly ImportPlan[],
  found: ReadonlyMap<ImportPlan, string>,
  flags: Flags,
): void {
  const rows = plans.map((plan) => {
    const { email, key } = plan.row;
    const problem = plan.outcome === 'left' ? plan.problem : found.get(plan);
    const outcome = problem === undefined ? plan.outcome : 'left';
    return { email, key, outcome, problem };
  });
  if (flags.json) answer(rows);
  else {
    const lines = rows.map(({ email, key, outcome, problem = '' }) => [
      outcome === 'import' && !flags.dryRun ? 'imported' : outcome,
      oneLine(email || `row ${key}`),
      remedyOf(problem),
    ]);
    say(...columns(['WHAT', 'WHO', ''], lines));
  }
  const left = rows.filter(({ problem }) => problem !== undefined).length;
  if (left > 0) throw new FailedError(flags.json ? '' : `${left} left for you to decide.`);
}

async function listConflicts(env: CliEnv, isJson: boolean): Promise<void> {
  const [{ projects, conflicts }, people] = await withBus(env, (bus) =>
    Promise.all([readStaffSync(bus), readStaffNow(bus)]),
  );
  const mails = new Map(people.map(({ data }) => [data.staffId, data.email]));
  const rows = conflicts.map((each) => {
    const email = mails.get(each.staffId) ?? '';
    return { ...each, email };
  });
  if (isJson) return answer({ projects: Object.fromEntries(projects), people: rows });
  for (const [name, { state, told = '' }] of projects) {
    const word = state === 'off' ? 'not configured' : state === 'ok' ? 'answers' : oneLine(told);
    say(`${name}: ${state === 'broken' ? paint('red', word) : word}`);
  }
  if (rows.length === 0) return say(paint('green', 'Everybody is in every project as they are.'));
  const lines = rows.map(({ project, email, problem }) => [
    project,
    oneLine(email),
    remedyOf(problem),
  ]);
  say('', ...columns(['PROJECT', 'WHO', 'WHAT TO DO'], lines));
}
