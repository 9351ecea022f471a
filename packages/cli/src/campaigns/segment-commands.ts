/** `leadwire segment …`: people chosen by what is known of them, under a name that everybody here can use. */
import { Option, type Command } from 'commander';
import {
  SegmentSyntaxError,
  parseCondition,
  segmentFields,
  segmentFilterSchema,
  type SegmentFilter,
} from '@leadwire/shared/contract/segments';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { openCampaigns } from './connect-campaigns.ts';
import { grouped, peopleIn } from './campaign-screen.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { readGiven } from '../given-file.ts';
import { ALMATY_NOTE, clock, columns, confirm, oneLine, say } from '../terminal.ts';

export interface FilterFlags {
  where?: string[];
  filterFile?: string;
}

const HELP = `
Conditions: ${Object.keys(segmentFields).join(', ')}.
  utm_source=facebook,instagram   one of these      stage!=Отказ     not this one
  lead_at>=30d                    in the last 30 days   lead_at<2026-11-01   before that day
  bought=no                       product=…         bought_at>=14d
  campaign_sent=<id>              campaign_opened!=<id>   campaign_clicked=any
All of them have to hold; a file of JSON can say more ({"any": [...]}).`;

export function addSegmentCommands(program: Command, readEnv: () => CliEnv): void {
  const segment = program
    .command('segment')
    .description('people by leads, sales and past campaigns: counted, saved, used by campaigns')
    .addHelpText('after', HELP);
  const withFilter = (name: string, description: string) =>
    segment
      .command(name)
      .description(description)
      .option('--where <condition...>', 'such as utm_source=facebook bought=no')
      .option('--filter-file <file>', 'the filter as JSON')
      .addOption(
        new Option('--channel <channel>', 'for').choices(['email', 'sms']).default('email'),
      );

  segment
    .command('list')
    .description('the saved ones')
    .action(async ({ json }: { json?: boolean }) => {
      const found = await openCampaigns(readEnv()).segments();
      if (json) return answer(found);
      if (found.length === 0) return say('No segment is saved yet.');
      const rows = found.map(({ name, changedAt, filter }) => [
        oneLine(name),
        clock(changedAt),
        oneLine(JSON.stringify(filter)),
      ]);
      say(...columns(['name', 'changed', 'filter'], rows), ALMATY_NOTE);
    });

  withFilter('count', 'how many people it has now').action(async (flags: CountFlags) => {
    const api = openCampaigns(readEnv());
    await tellCount(api, await filterOf(flags), flags);
  });
  withFilter('save', 'keep it under a name; the same name again changes it')
    .argument('<name>', 'such as "Не купили за месяц"')
    .action(async (name: string, flags: CountFlags) => {
      const api = openCampaigns(readEnv());
      const filter = await filterOf(flags);
      await api.saveSegment(name, filter, await api.findSegment(name));
      if (!flags.json) say(`Saved as "${oneLine(name)}".`);
      await tellCount(api, filter, flags);
    });
  segment
    .command('delete')
    .description('forget it; campaigns that were made of it stay as they are')
    .argument('<name>')
    .option('-y, --yes', 'do not ask')
    .action(async (name: string, { yes = false }: { yes?: boolean }) => {
      const api = openCampaigns(readEnv());
      const found = await segmentNamed(api, name);
      if (!(await confirm(`Delete the segment "${oneLine(found.name)}"?`, yes))) return;
      await api.deleteSegment(found.id);
      answer({ deleted: found.id }, 'Deleted.');
    });
}

type CountFlags = FilterFlags & { channel: 'email' | 'sms'; json?: boolean };

async function tellCount(api: CampaignApi, filter: SegmentFilter, flags: CountFlags) {
  const counted = await api.countSegment(filter, flags.channel);
  if (flags.json) return answer({ ...counted, filter });
  const lost = counted.people - counted.reachable;
  const left = lost > 0 ? ` (${grouped(lost)} more must not be written to)` : '';
  say(`${peopleIn(counted.reachable)} by ${flags.channel}${left}.`);
}

/** @throws UsageError when there is no filter, or one that cannot be read. */
export async function filterOf({ where = [], filterFile }: FilterFlags): Promise<SegmentFilter> {
  if (filterFile !== undefined) return readFilter(filterFile);
  if (where.length === 0) throw new UsageError('Give --where or --filter-file.');
  try {
    return { all: where.map(parseCondition) };
  } catch (thrown) {
    if (thrown instanceof SegmentSyntaxError) throw new UsageError(`--where ${thrown.message}.`);
    throw thrown;
  }
}

async function readFilter(file: string): Promise<SegmentFilter> {
  const text = (await readGiven(file)).toString();
  try {
    return segmentFilterSchema.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`${file} is no filter: expected {"all": [{"field", "op", "value"}]}.`);
  }
}

/** @throws FailedError when no segment has that name. */
export async function segmentNamed(api: CampaignApi, name: string) {
  const found = await api.findSegment(name);
  if (found) return found;
  throw new FailedError(`There is no segment "${oneLine(name)}": leadwire segment list`);
}
