/** `leadwire traffic recount`: the days of targetologists in the traffic project, counted anew from what is stored. */
import type { Command } from 'commander';
import { dayOf, isDay } from '@leadwire/operations/reports/report';
import { countTrafficDays, daysUpTo } from '@leadwire/operations/reports/traffic-days';
import { staffProjectsOf, variablesOf } from '@leadwire/operations/staff/projects';
import { InvalidArgumentError } from 'commander';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { UsageError } from '../failure.ts';
import { parseCount } from '../options.ts';
import { counted, say } from '../terminal.ts';

const TIME_ZONE = 'Asia/Almaty';
const USUAL_DAYS = 92;

interface Flags {
  days: number;
  since?: string;
  until?: string;
  json?: boolean;
}

export function addTrafficCommand(program: Command, readEnv: () => CliEnv): void {
  program
    .command('traffic')
    .description('the days of targetologists in the traffic project')
    .command('recount')
    .description(
      'leads, sales and revenue by day and tag, counted anew; what others write there stays',
    )
    .option('--days <count>', 'so many days up to the last one', parseCount, USUAL_DAYS)
    .option('--since <day>', 'from this day on, such as 2026-11-01', parseDay)
    .option('--until <day>', 'up to this day, which is included', parseDay)
    .action((flags: Flags) => recount(readEnv(), flags));
}

function parseDay(text: string): string {
  if (isDay(text)) return text;
  throw new InvalidArgumentError('expected a day such as 2026-11-01');
}

async function recount(env: CliEnv, flags: Flags): Promise<void> {
  const projects = staffProjectsOf(env);
  const [landing, traffic] = (['landing', 'traffic'] as const).map((name) => {
    const database = projects.get(name)?.database;
    if (!database) throw new UsageError(`${variablesOf(name)} are needed.`);
    return database;
  });
  if (!landing || !traffic) return;
  const until = flags.until ?? dayOf(new Date(), TIME_ZONE);
  const { since } = flags.since ? { since: flags.since } : daysUpTo(until, flags.days, TIME_ZONE);
  if (since > until) throw new UsageError(`${since} is later than ${until}.`);
  const done = await countTrafficDays({ landing, traffic }, { since, until, timeZone: TIME_ZONE });
  if (flags.json) return answer({ since, until, ...done });
  const kept =
    done.kept > 0 ? ` ${counted(done.kept, 'day')} of spend are as a person brought them in.` : '';
  say(
    `${since} to ${until}: ${counted(done.changed, 'row')} of traffic_daily_stats changed, ` +
      `${Math.round(done.spend)} ₸ of spend taken from there.${kept}`,
  );
}
