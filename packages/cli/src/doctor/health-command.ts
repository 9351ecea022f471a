/** `leadwire health`: how everything stands, in the words of the people who work here. */
import type { Command } from 'commander';
import type { HealthFinding } from '@leadwire/operations/health/finding';
import { health, type Health } from '@leadwire/operations/health/health';
import { ownCommand } from '@leadwire/shared/runtime/own-command';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { openLanding } from '../landing.ts';
import { oneLine, paint, say } from '../terminal.ts';
import { MARKS } from './finding.ts';

export function addHealthCommand(program: Command, readEnv: () => CliEnv): void {
  program
    .command('health')
    .description('what is wrong now, what it means and what to do, in Russian; exit code 1 if so')
    .action(async ({ json }: { json?: boolean }) => {
      const found = await healthHere(readEnv());
      if (json) answer(found);
      else say(paint('bold', oneLine(found.headline)), '', ...found.findings.flatMap(linesOf));
      if (found.state === 'broken') throw new FailedError(json ? '' : found.headline);
    });
}

/** With the services that this machine's settings name. @throws FailedError when the broker does not answer. */
export function healthHere(env: CliEnv): Promise<Health> {
  const services = [
    { name: 'landing-api', url: env.LANDING_API_URL },
    { name: 'mailer-batch', url: env.MAILER_BATCH_URL },
  ];
  return withBus(env, async (bus) => health({ bus, database: await openLanding(env), services }));
}

/** What is wrong has its meaning and its remedy on lines of their own. */
export function linesOf(finding: HealthFinding): string[] {
  const { state, title, text, meaning, remedy, command } = finding;
  const [style, mark] = MARKS[state];
  const more = [
    meaning && `  ${meaning}.`,
    remedy && `  → ${remedy}${command ? ` (${ownCommand(command)})` : ''}.`,
  ].filter(Boolean);
  return [`${paint(style, mark)} ${title}: ${oneLine(text)}`, ...(more as string[])];
}
