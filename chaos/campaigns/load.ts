/** Campaigns to invented people: one after the other, so that there is always something under way. */
import { newId } from '@leadwire/shared/contract/ids';
import { loadCampaignTemplates } from '@leadwire/templates/campaign-templates';
import type { Random } from '../random.ts';
import type { Sample } from './verifier.ts';
import type { CampaignWorld } from './world.ts';

const TEMPLATE = 'stream-moved';
const NAMES = ['Айгерим', 'Данияр', 'Жанна', 'Ермек'];
/** Texts that differ: Mobizon gets a template with placeholders. */
const SMS = '{{ name }}, эфир перенесён на 25 ноября';
const BATCHES = { lowest: 12, highest: 20 };
const BATCH_SIZES = { email: [5, 20, 50], sms: [5, 20] } as const;
/** Fewer batches than this to go, and another campaign is started. */
const FEWEST_BATCHES = 8;

type Channel = 'email' | 'sms';

export interface Launched {
  id: string;
  channel: Channel;
  batchSize: number;
}

export interface CampaignLoad {
  readonly launched: readonly Launched[];
  /** Contacts that the provider refuses whatever is done. */
  readonly refusable: ReadonlySet<string>;
  /** Starts campaigns until each channel has enough to do. */
  topUp(latest: ReadonlyMap<string, Sample>): Promise<void>;
}

/** Starts nothing until `topUp`. `scale`: 1, or less for smaller campaigns. */
export function createCampaignLoad(
  world: CampaignWorld,
  random: Random,
  scale: number,
): CampaignLoad {
  const launched: Launched[] = [];
  const refusable = new Set<string>();
  let people = 0;

  /** The first of each campaign is one that the provider refuses. */
  const contactOf = (channel: Channel, isRefused: boolean): string => {
    people += 1;
    const nth = String(people).padStart(7, '0');
    if (channel === 'sms') return `+7705${nth}`;
    return isRefused ? `person-${nth}@example.com` : `person-${nth}@mail.leadwire-chaos.kz`;
  };

  const list = (channel: Channel, count: number) =>
    Array.from({ length: count }, (_, index) => ({
      row: index + 1,
      contact: contactOf(channel, index === 0),
      variables: {},
      name: random.pick(NAMES),
    }));

  const refuseFirst = async (channel: Channel, contact: string): Promise<void> => {
    if (channel === 'email') return void refusable.add(contact);
    const number = contact.replace('+', '');
    const { stopList } = await world.sandbox.mobizon.settings();
    await world.sandbox.mobizon.set({ stopList: [...stopList, number] });
    refusable.add(number);
  };

  const launch = async (channel: Channel): Promise<void> => {
    const id = newId();
    const batchSize = random.pick(BATCH_SIZES[channel]);
    const batches = Math.ceil(random.int(BATCHES.lowest, BATCHES.highest) * scale);
    const audience = list(channel, batchSize * batches);
    await refuseFirst(channel, audience[0]?.contact ?? '');
    const { store, drafts } = world;
    await drafts.make({
      // Its id is its name: SMS carry the name.
      id,
      name: id,
      channel,
      template: TEMPLATE,
      variables: {},
      timeZone: 'Asia/Almaty',
      // Faults fail whole batches here; a campaign that pauses by itself has tests of its own.
      quietHours: null,
      maxBouncePercent: 100,
      maxErrorPercent: 100,
      requestHash: null,
    });
    const all = { upload: newId(), first: true, last: true };
    await store.setAudience(id, { people: audience, leftOut: [] }, all);
    const frozen = await freeze(channel);
    const draft = (await store.get(id))!;
    const { kind } = await store.start(draft, { expected: audience.length, frozen, batchSize });
    if (kind !== 'started') throw new Error(`a campaign was not started: ${kind}`);
    launched.push({ id, channel, batchSize });
  };

  const batchesLeft = (channel: Channel, latest: ReadonlyMap<string, Sample>): number =>
    launched
      .filter((one) => one.channel === channel)
      .reduce((sum, { id, batchSize }) => {
        // One that has not been looked at yet has everything before it.
        const sample = latest.get(id);
        return sum + (sample ? (sample.counts['pending'] ?? 0) / batchSize : Infinity);
      }, 0);

  return {
    launched,
    refusable,
    async topUp(latest) {
      for (const channel of ['email', 'sms'] as const) {
        if (batchesLeft(channel, latest) < FEWEST_BATCHES * scale) await launch(channel);
      }
    },
  };
}

async function freeze(channel: Channel): Promise<unknown> {
  const templates = await loadCampaignTemplates();
  const { variables, own } = templates.sample(TEMPLATE);
  const checked = templates.readVariables(TEMPLATE, variables).variables ?? {};
  const frozen = templates.freeze(TEMPLATE, channel, checked, { ...own, timeZone: 'Asia/Almaty' });
  return channel === 'sms' ? { ...(frozen as object), sms: SMS } : frozen;
}
