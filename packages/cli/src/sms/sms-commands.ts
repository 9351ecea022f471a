/** `leadwire sms …`: what SMS of leads and campaigns have used of their budget, and letting out those that wait. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { liftSmsBudget, readSmsCounts, type SmsCounts } from '@leadwire/operations/sms/sms-budget';
import type { SmsSource } from '@leadwire/shared/delivery/sms-budget';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError } from '../failure.ts';
import { confirm, say } from '../terminal.ts';

interface Flags {
  yes?: boolean;
  dryRun?: boolean;
  campaigns?: boolean;
}

export function addSmsCommands(program: Command, readEnv: () => CliEnv): void {
  const sms = program.command('sms').description('SMS and their budget');
  const budget = sms
    .command('budget')
    .description('the most SMS that leads may cause, and campaigns');

  budget
    .command('show')
    .description('how many SMS leads have caused in the last hour and day')
    .option('--campaigns', 'those of campaigns instead')
    .action((flags: Flags) =>
      withBus(readEnv(), async (bus) => {
        const counts = await readSmsCounts(bus, sourceOf(flags));
        answer(counts, lineOf(counts, flags));
      }),
    );

  budget
    .command('lift')
    .description('let out the SMS that wait: what was counted so far counts no more')
    .option('--campaigns', 'those of campaigns instead of those of leads')
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only show what counts now')
    .action((flags: Flags) => lift(readEnv(), flags));
}

async function lift(env: CliEnv, flags: Flags): Promise<void> {
  const { yes = false, dryRun = false, campaigns } = flags;
  const source = sourceOf(flags);
  await withBus(env, async (bus) => {
    const before = await readSmsCounts(bus, source);
    const said = lineOf(before, flags);
    if (dryRun) return answer({ ...before, lifted: false }, said);
    say(said);
    const doubt = campaigns ? 'Is this campaign wanted now?' : 'Are these real leads?';
    const question = `${doubt} As many SMS again may then go out, and cost as much.`;
    if (!(await confirm(question, yes))) throw new FailedError('Nothing was changed.');
    await liftSmsBudget(bus, `cli:${userInfo().username}`, source);
    answer({ ...before, lifted: true }, 'Lifted: SMS that wait leave within half a minute.');
  });
}

const sourceOf = ({ campaigns = false }: Flags): SmsSource => (campaigns ? 'campaigns' : 'leads');

function lineOf({ lastHour, lastDay }: SmsCounts, flags: Flags): string {
  return `SMS of ${sourceOf(flags)}: ${lastHour} in the last hour, ${lastDay} in the last day.`;
}
