/** `leadwire doctor`: every configured integration tried for real, one line each, with the remedy. */
import type { Command } from 'commander';
import { checks } from './doctor-checks.ts';
import { MARKS, type Finding } from './finding.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { counted, oneLine, paint, say } from '../terminal.ts';

export function addDoctorCommand(program: Command, readEnv: () => CliEnv): void {
  program
    .command('doctor')
    .description('try broker, database and every configured provider; exit code 1 if one is broken')
    .action(() => examine(readEnv()));
}

async function examine(env: CliEnv): Promise<void> {
  let broken = 0;
  for (const check of checks) {
    for (const finding of await check(env)) {
      if (finding.state === 'broken') broken += 1;
      say(line(finding));
    }
  }
  if (broken > 0) throw new FailedError(`${counted(broken, 'thing')} to mend.`);
  say(paint('green', 'All that is configured works.'));
}

function line({ state, what, told, remedy }: Finding): string {
  const [style, mark] = MARKS[state];
  const remedyText = remedy === undefined ? '' : ` → ${oneLine(remedy)}`;
  return `${paint(style, mark)} ${what}: ${oneLine(told)}${remedyText}`;
}
