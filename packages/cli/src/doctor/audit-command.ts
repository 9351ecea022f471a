/** `leadwire audit daily|weekly|monthly`: what grows unnoticed, and what to do about it, in Russian. */
import { Argument, type Command } from 'commander';
import {
  findingsOf,
  rounds,
  upkeep,
  upkeepRows,
  type Round,
} from '@leadwire/operations/upkeep/upkeep';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { needLanding } from '../landing.ts';
import { say } from '../terminal.ts';
import { linesOf } from './health-command.ts';

export function addAuditCommand(program: Command, readEnv: () => CliEnv): void {
  program
    .command('audit')
    .description(
      'what should be looked at each day, week and month; exit code 1 for what is dangerous',
    )
    .addArgument(new Argument('<round>', 'each has those before it').choices(rounds))
    .action((round: Round, { json }: { json?: boolean }) => audit(readEnv(), round, json ?? false));
}

async function audit(env: CliEnv, round: Round, json: boolean): Promise<void> {
  const database = await needLanding(env);
  const read = upkeepRows(database);
  const found = await withBus(env, (bus) => upkeep({ bus, read }, new Date()));
  const findings = findingsOf(found, round);
  if (json) answer(findings);
  else say(...findings.flatMap(linesOf));
  const broken = findings.filter(({ state }) => state === 'broken');
  const words = broken.map(({ title }) => title).join(', ');
  if (broken.length > 0) throw new FailedError(json ? '' : words);
}
