/** `leadwire campaign report` and `compare`: what became of everybody, and of two campaigns side by side. */
import type { Command } from 'commander';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import {
  measuresOf,
  pointsBetween,
  type CampaignResult,
  type Measure,
} from '@leadwire/operations/campaigns/compare';
import { answer } from '../answer.ts';
import { grouped } from './campaign-screen.ts';
import { columns, oneLine, paint } from '../terminal.ts';
import { writeGiven } from '../given-file.ts';

const MOST_ROWS = 10;
const LONGEST_LINK = 80;

type Act = (api: CampaignApi, id: string) => Promise<void>;

interface Flags {
  output?: string;
  sums?: boolean;
  json?: boolean;
}

/** Adds them to the commands about one campaign; `findId` turns the beginning of an id into the whole of it. */
export function addReportCommands(
  one: (name: string, description: string) => Command,
  withOne: (given: string, act: Act) => Promise<void>,
  findId: (api: CampaignApi, given: string) => Promise<string>,
): void {
  one('report', 'what became of everybody, as CSV; --sums shows the numbers instead')
    .option('-o, --output <file>', 'write it there instead of to the screen')
    .option('--sums', 'the numbers: shares, links that were followed, domains, sales, cost')
    .action((id: string, { output, sums, json }: Flags) =>
      withOne(id, async (api, found) => {
        if (sums || (json && output === undefined)) {
          const result = await resultOf(api, found);
          return answer(result, ...sumLines(result));
        }
        const csv = await api.report(found);
        if (output === undefined) return void process.stdout.write(csv);
        await writeGiven(output, csv, 0o600);
        answer({ file: output }, `The report is in ${output}. It has contacts in it.`);
      }),
    );
  one('compare', 'this one and another one, measure by measure')
    .argument('<other>', 'the other one')
    .action((id: string, other: string) =>
      withOne(id, async (api, found) => {
        const first = await resultOf(api, found);
        const second = await resultOf(api, await findId(api, other));
        answer([first, second].map(measured), ...compareLines(first, second));
      }),
    );
}

async function resultOf(api: CampaignApi, id: string): Promise<CampaignResult> {
  const [campaign, summary] = await Promise.all([api.get(id), api.summary(id)]);
  return { campaign, summary };
}

const measured = (result: CampaignResult) => ({
  id: result.campaign.id,
  name: result.campaign.name,
  measures: measuresOf(result),
});

const shown = ({ value }: Measure) => (value === null ? '-' : grouped(Math.round(value)));
const shareOf = ({ share }: Measure) => (share === null ? '' : `${(share * 100).toFixed(1)} %`);

function sumLines(result: CampaignResult): string[] {
  const { campaign, summary } = result;
  const rows = measuresOf(result)
    .filter(({ value }) => value !== null)
    .map((each) => [each.name, shown(each).padStart(9), shareOf(each)]);
  const links = summary.links
    .slice(0, MOST_ROWS)
    .map(({ link, people, clicks, early }) => [
      oneLine(link === '' ? 'not a link of the text' : link).slice(0, LONGEST_LINK),
      grouped(people),
      grouped(clicks),
      grouped(early),
    ]);
  const troubled = summary.domains
    .filter(({ bounced, failed, complained }) => bounced + failed + complained > 0)
    .slice(0, MOST_ROWS)
    .map(({ domain, sent, bounced, failed, complained }) => [
      oneLine(domain),
      ...[sent, bounced, failed, complained].map(grouped),
    ]);
  return [
    paint('bold', oneLine(campaign.name)),
    ...columns(['', '   number', ''], rows),
    ...(links.length === 0
      ? []
      : ['', ...columns(['link', 'people', 'clicks', 'scanners'], links)]),
    ...(troubled.length === 0
      ? []
      : ['', ...columns(['domain', 'sent', 'bounced', 'failed', 'complained'], troubled)]),
  ];
}

function compareLines(first: CampaignResult, second: CampaignResult): string[] {
  const others = measuresOf(second);
  const rows = measuresOf(first).flatMap((one, n) => {
    const other = others[n];
    if (!other || (one.value === null && other.value === null)) return [];
    const points = pointsBetween(one, other);
    const difference = points === null ? '' : `${points > 0 ? '+' : ''}${points.toFixed(1)}`;
    return [[one.name, shown(one), shareOf(one), shown(other), shareOf(other), difference]];
  });
  return [
    `A  ${oneLine(first.campaign.name)}`,
    `B  ${oneLine(second.campaign.name)}`,
    ...columns(['', 'A', '', 'B', '', 'points'], rows),
  ];
}
