/** `leadwire doctor`: every configured integration tried for real, one line each, with the remedy. */
import type { Command } from 'commander';
import type { HealthFinding } from '@leadwire/operations/health/finding';
import { checks } from './doctor-checks.ts';
import { MARKS, type Finding } from './finding.ts';
import { healthHere, linesOf } from './health-command.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { counted, oneLine, paint, say } from '../terminal.ts';

export function addDoctorCommand(program: Command, readEnv: () => CliEnv): void {
  program
    .command('doctor')
    .description('try broker, database and every configured provider; exit code 1 if one is broken')
    .action(({ json = false }: { json?: boolean }) => examine(readEnv(), json));
}

async function examine(env: CliEnv, isJson: boolean): Promise<void> {
  const all: Finding[] = [];
  for (const check of checks) {
    for (const finding of await check(env)) {
      all.push(finding);
      if (!isJson) say(line(finding));
    }
  }
  const now = await troubleNow(env);
  const broken = all.filter(({ state }) => state === 'broken').length;
  if (isJson) {
    answer({ checks: all, now });
    if (broken > 0) throw new FailedError(`${counted(broken, 'thing')} to mend.`);
    return;
  }
  if (now.length > 0) say('', paint('bold', 'Now (leadwire health):'), ...now.flatMap(linesOf), '');
  if (broken > 0) throw new FailedError(`${counted(broken, 'thing')} to mend.`);
  say(paint('green', 'All that is configured works.'));
}

/** What the checks cannot see: work that waits, leads that are missing. Of a broker that is away they have told. */
async function troubleNow(env: CliEnv): Promise<HealthFinding[]> {
  const found = await healthHere(env).catch(() => undefined);
  return (found?.findings ?? []).filter(
    ({ part, state }) => (state === 'broken' || state === 'warning') && !CHECKED.includes(part),
  );
}
/** Parts of which a check says more. */
const CHECKED = ['broker', 'database'];

function line({ state, what, detail, remedy }: Finding): string {
  const [style, mark] = MARKS[state];
  const remedyText = remedy === undefined ? '' : ` → ${oneLine(remedy)}`;
  return `${paint(style, mark)} ${what}: ${oneLine(detail)}${remedyText}`;
}
