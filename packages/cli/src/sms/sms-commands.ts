/** `leadwire sms …`: what SMS of leads have used of their budget, and letting out those that wait. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { liftSmsBudget, readSmsCounts, type SmsCounts } from '@leadwire/operations/sms/sms-budget';
import { withBus } from '../connect.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { confirm, say } from '../terminal.ts';

interface Flags {
  json?: boolean;
  yes?: boolean;
  dryRun?: boolean;
}

export function addSmsCommands(program: Command, readEnv: () => CliEnv): void {
  const sms = program.command('sms').description('SMS and their budget');
  const budget = sms.command('budget').description('the most SMS that leads may cause');

  budget
    .command('show')
    .description('how many SMS leads have caused in the last hour and day')
    .option('--json', 'as JSON')
    .action(({ json }: Flags) =>
      withBus(readEnv(), async (bus) => tell(await readSmsCounts(bus), json)),
    );

  budget
    .command('lift')
    .description('let out the SMS that wait: what was counted so far counts no more')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what counts now')
    .option('--json', 'as JSON')
    .action((flags: Flags) => lift(readEnv(), flags));
}

async function lift(env: CliEnv, { json, yes = false, dryRun = false }: Flags): Promise<void> {
  await withBus(env, async (bus) => {
    const before = await readSmsCounts(bus);
    tell(before, json);
    if (dryRun) return;
    const question = 'Are these real leads? As many SMS again may then go out, and cost as much.';
    if (!(await confirm(question, yes))) throw new FailedError('Nothing was changed.');
    await liftSmsBudget(bus, `cli:${userInfo().username}`);
    if (!json) say('Lifted: SMS that wait leave within half a minute.');
  });
}

function tell(counts: SmsCounts, isJson = false): void {
  if (isJson) return say(JSON.stringify(counts));
  say(`SMS of leads: ${counts.lastHour} in the last hour, ${counts.lastDay} in the last day.`);
}
