/** `leadwire campaign start`: nothing leaves before somebody has typed for how many people. */
import { createInterface } from 'node:readline/promises';
import type { CampaignApi } from '@leadwire/operations/campaigns/campaign-api';
import type { CampaignPreview, CampaignView } from '@leadwire/operations/campaigns/campaign-view';
import { answer, words } from '../answer.ts';
import { UsageError } from '../failure.ts';
import { oneLine, paint, say } from '../terminal.ts';
import { costLine, peopleIn } from './campaign-screen.ts';
import { waitLines } from './campaign-times.ts';
import { watchCampaign } from './campaign-watch.ts';

export interface StartFlags {
  confirm?: number;
  watch: boolean;
}

/** Asks for the number of people, starts it, and stays to watch. @throws UsageError when nobody is there to ask */
export async function startCampaign(
  api: CampaignApi,
  id: string,
  flags: StartFlags,
): Promise<void> {
  const shown = await api.preview(id);
  const before = await api.get(id);
  const people = flags.confirm ?? (await askForCount(before, shown));
  if (people === undefined) return say('Nothing was started.');
  const started = await api.start(id, people);
  const what = started.status === 'scheduled' ? 'Scheduled' : 'Started';
  const lines = [`${what} for ${peopleIn(people)}.`, ...waitLines(started)];
  if (started.status === 'scheduled' || !flags.watch) return answer(started, ...lines);
  say(...lines);
  await watchCampaign(api, id);
}

/** The number must be typed: a "y" is too quick for something that cannot be taken back. */
async function askForCount(
  campaign: CampaignView,
  { audience, sms }: CampaignPreview,
): Promise<number | undefined> {
  const { name, channel } = campaign;
  const what = channel === 'sms' ? 'an SMS' : 'a mail';
  say(`"${oneLine(name)}": ${what} to ${paint('bold', peopleIn(audience))}.`);
  const notes = [...(sms === null ? [] : [costLine(sms)]), ...waitLines(campaign)];
  if (notes.length > 0) say(...notes.map((note) => `  ${note}`));
  if (!process.stdin.isTTY) {
    throw new UsageError(
      `Nothing was started: there is no terminal to confirm at. Give --confirm ${audience}.`,
    );
  }
  const prompt = createInterface({ input: process.stdin, output: words() });
  try {
    const typed = await prompt.question('Type that number to start: ');
    // As it is shown, or in digits alone.
    return typed.replace(/[\s,]/g, '') === String(audience) ? audience : undefined;
  } catch {
    // Ctrl-C or Ctrl-D at the question.
    return undefined;
  } finally {
    prompt.close();
  }
}
