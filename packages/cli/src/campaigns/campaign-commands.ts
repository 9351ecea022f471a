/** `leadwire campaign …` */
import { InvalidArgumentError, type Command } from 'commander';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import { openCampaigns } from './connect-campaigns.ts';
import { addCampaignCreate } from './campaign-create.ts';
import {
  SHORT_ID,
  campaignList,
  campaignTable,
  grouped,
  peopleIn,
  previewJson,
  previewLines,
} from './campaign-screen.ts';
import { waitLines } from './campaign-times.ts';
import { addReportCommands } from './report-commands.ts';
import { addSubjectCommand } from './subject-command.ts';
import { startCampaign, type StartFlags } from './campaign-start.ts';
import { nextSteps, watchCampaign } from './campaign-watch.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { FailedError, UsageError } from '../failure.ts';
import { writeGiven } from '../given-file.ts';
import { parseCount } from '../options.ts';
import { confirm, counted, oneLine, paint } from '../terminal.ts';

/** As many are shown when an id is too short for one. */
const MOST_ALIKE = 10;
/** Fewer characters fit too many campaigns. */
const SHORTEST_ID = 8;
const WHOLE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

type Act = (api: CampaignApi, id: string) => Promise<void>;

export function addCampaignCommands(program: Command, readEnv: () => CliEnv): void {
  const campaign = program
    .command('campaign')
    .description('bulk mail and SMS: draft, preview, test, start, watch, stop, report');
  addCampaignCreate(campaign, readEnv);
  const one = (name: string, description: string) =>
    campaign
      .command(name)
      .description(description)
      .argument('<id>', `its id, or the first ${SHORTEST_ID} characters or more`);
  const withOne = async (given: string, act: Act) => {
    const api = openCampaigns(readEnv());
    await act(api, await findId(api, given));
  };

  campaign
    .command('list')
    .description('the newest campaigns')
    .option('--limit <n>', 'how many', parseCount, 20)
    .action(async ({ limit }: { limit: number }) => {
      const campaigns = await openCampaigns(readEnv()).list(limit);
      const isEmpty = campaigns.length === 0;
      answer(campaigns, ...(isEmpty ? ['There are no campaigns yet.'] : campaignList(campaigns)));
    });

  one('preview', 'who gets what, who is left out and why, what SMS cost')
    .option('--left-out', 'list everybody who is left out')
    .option('--html <file>', 'write the message as a page')
    .option('--private', 'show contacts and the text as they are')
    .action((id: string, flags: PreviewFlags) =>
      withOne(id, (api, found) => preview(api, found, flags)),
    );
  one('test', 'send it to these addresses now')
    .argument('<to...>', 'mail addresses or phones')
    .action((id: string, to: string[]) => withOne(id, (api, found) => sendTests(api, found, to)));
  one('start', 'start it: asks for the exact number of people')
    .option('--confirm <people>', 'that number, where nobody is there to ask', parsePeople)
    .option('--no-watch', 'do not stay and watch')
    .action((id: string, flags: StartFlags) =>
      withOne(id, (api, found) => startCampaign(api, found, flags)),
    );
  addSubjectCommand(one, withOne);
  addMoves(one, withOne);
  one('status', 'where it stands')
    .option('-w, --watch', 'stay until it is over')
    .action((id: string, { watch }: { watch?: boolean }) =>
      withOne(id, async (api, found) => {
        if (watch) return watchCampaign(api, found);
        const now = await api.get(found);
        answer(now, ...campaignTable(now));
      }),
    );
  one('copy', 'a new draft with the same text and list').action((id: string) =>
    withOne(id, async (api, found) => {
      const made = await api.copy(found);
      answer(made, `Draft ${made.id}`);
    }),
  );
  one('resend', 'a new draft for those who got it and did not open it').action((id: string) =>
    withOne(id, async (api, found) => {
      const made = await api.resend(found);
      answer(made, `Draft ${made.id} for ${peopleIn(made.counts.audience)}`);
    }),
  );
  one('delete', 'delete a draft with its list')
    .option('-y, --yes', 'do not ask')
    .action((id: string, { yes = false }: { yes?: boolean }) =>
      withOne(id, async (api, found) => {
        const { name } = await api.get(found);
        if (!(await confirm(`Delete the draft "${oneLine(name)}"?`, yes))) return;
        await api.remove(found);
        answer({ deleted: found }, 'Deleted.');
      }),
    );
  addReportCommands(one, withOne, findId);
}

/** Pause, resume, cancel, retry, rate. */
function addMoves(
  one: (name: string, description: string) => Command,
  withOne: (given: string, act: Act) => Promise<void>,
): void {
  one('pause', 'stop sending, within a second').action((id: string) =>
    withOne(id, async (api, found) => {
      const paused = await api.move(found, 'pause');
      const { sent, pending } = paused.counts;
      answer(paused, `Paused: ${grouped(sent)} sent, ${grouped(pending)} wait.`);
    }),
  );
  one('resume', 'go on where it was paused')
    .option('--no-watch', 'do not stay and watch')
    .action((id: string, { watch }: { watch: boolean }) =>
      withOne(id, async (api, found) => {
        const resumed = await api.move(found, 'resume');
        if (watch) await watchCampaign(api, found);
        else answer(resumed, 'It goes on.');
      }),
    );
  one('cancel', 'end it for good; who was not written to is skipped')
    .option('-y, --yes', 'do not ask')
    .action((id: string, { yes = false }: { yes?: boolean }) =>
      withOne(id, async (api, found) => {
        const { name, counts } = await api.get(found);
        const waiting = `${peopleIn(counts.pending)} would not be written to`;
        if (!(await confirm(`End "${oneLine(name)}" for good? ${waiting}.`, yes))) return;
        const ended = await api.move(found, 'cancel');
        answer(ended, ...campaignTable(ended));
      }),
    );
  one('retry', 'try the failed ones once more')
    .option('--unknown-too', 'also those who may have got it: they may get it twice')
    .option('-y, --yes', 'do not ask')
    .action((id: string, { unknownToo = false, yes = false }: RetryFlags) =>
      withOne(id, async (api, found) => {
        const { counts } = await api.get(found);
        const people = counts.failed + (unknownToo ? counts.unknown : 0);
        if (people === 0) return answer({ people }, 'Nobody failed.');
        if (!(await confirm(`Send to ${peopleIn(people)} once more?`, yes))) return;
        const retried = await api.retry(found, unknownToo);
        const said = `${peopleIn(retried.people)} once more.`;
        answer(retried, said, ...nextSteps(retried.campaign));
      }),
    );
  one('rate', 'change its pace while it runs')
    .argument(
      '<calls>',
      'calls to the provider per second, or "none" for the provider’s own limit',
      parseRate,
    )
    .action((id: string, calls: number | null) =>
      withOne(id, async (api, found) => {
        const changed = await api.setRate(found, calls);
        const { ratePerSecond } = changed;
        const word = ratePerSecond === 1 ? 'call' : 'calls';
        answer(
          changed,
          ratePerSecond === null
            ? 'At the provider’s own limit.'
            : `At most ${ratePerSecond} ${word} a second.`,
        );
      }),
    );
}

interface PreviewFlags {
  leftOut?: boolean;
  html?: string;
  private?: boolean;
}
interface RetryFlags {
  unknownToo?: boolean;
  yes?: boolean;
}

async function preview(api: CampaignApi, id: string, flags: PreviewFlags): Promise<void> {
  const shown = await api.preview(id);
  let after = flags.leftOut ? shown.people.nextAfter : null;
  while (after !== null) {
    const { people } = await api.preview(id, after);
    shown.people.items.push(...people.items);
    after = people.nextAfter;
  }
  if (flags.leftOut) shown.people.nextAfter = null;
  const lines = [...previewLines(shown, flags.private ?? false), ...waitLines(await api.get(id))];
  if (flags.html !== undefined) {
    await writeGiven(flags.html, await api.page(id));
    lines.push('', `The page is in ${flags.html}.`);
  }
  answer(previewJson(shown, flags.private ?? false), ...lines);
}

async function sendTests(api: CampaignApi, id: string, to: readonly string[]): Promise<void> {
  const results = await api.test(id, to);
  const lines = results.map(({ to: contact, sent, error }) => {
    return `${contact}  ${sent ? paint('green', 'sent') : paint('red', error ?? 'not sent')}`;
  });
  answer(results, ...lines);
  const failed = results.filter(({ sent }) => !sent).length;
  if (failed > 0) throw new FailedError(`${counted(failed, 'test')} could not be sent.`);
}

/** @throws UsageError for what is no id, FailedError when none or several begin so. */
async function findId(api: CampaignApi, given: string): Promise<string> {
  const wanted = given.toLowerCase();
  if (WHOLE_ID.test(wanted)) return wanted;
  if (!/^[0-9a-f-]+$/.test(wanted) || wanted.length < SHORTEST_ID) {
    throw new UsageError(
      `"${given}" is no campaign's id, nor the first ${SHORTEST_ID} characters of one.`,
    );
  }
  const found = await api.find(wanted, MOST_ALIKE);
  const [only, another] = found;
  if (only && !another) return only.id;
  if (!only) throw new FailedError(`There is no campaign ${given}.`);
  const names = found.map(({ id, name }) => `  ${id.slice(0, SHORT_ID + 10)}  ${name}`);
  throw new FailedError(`Several campaigns begin so:\n${names.join('\n')}`);
}

function parsePeople(text: string): number {
  if (Number(text) === 0) {
    throw new InvalidArgumentError('a campaign for nobody is none: see "campaign preview"');
  }
  return parseCount(text);
}

function parseRate(text: string): number | null {
  if (text === 'none') return null;
  const rate = Number(text);
  if (rate > 0 && Number.isFinite(rate)) return rate;
  throw new InvalidArgumentError('expected calls per second, more than 0, or "none"');
}
