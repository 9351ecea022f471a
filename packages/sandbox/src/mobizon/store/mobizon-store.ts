/** The tables of a Mobizon account, and the money in it. */
import type { World } from '../../world/provider.ts';
import type { Table } from '../../world/store.ts';
import { MobizonError, messages } from '../api/envelope.ts';
import { formatMoney, segment, toMoney } from './segments.ts';
import type { MobizonSettings } from '../lifecycle/settings.ts';
import type { Campaign, Sms } from './sms.ts';

export type MobizonStore = {
  world: World;
  settings: () => MobizonSettings;
  /** Hears each message's last status, once. */
  onFinal: (sms: Sms) => void;
  campaigns: Table<Campaign>;
  sms: Table<Sms>;
  money: Table<{ balance: number }>;
  /** Ids of deleted drafts: an id is never used again. */
  deleted: Table<number>;
  /** campaign id -> message ids, so that no list has to be searched. */
  members: Map<string, string[]>;
};

/** Mobizon's tables, over the world's store. */
export function openMobizonStore(
  world: World,
  settings: () => MobizonSettings,
  onFinal: (sms: Sms) => void,
): MobizonStore {
  const store: MobizonStore = {
    world,
    settings,
    onFinal,
    campaigns: world.store.table('mobizon-campaigns'),
    sms: world.store.table('mobizon-sms'),
    money: world.store.table('mobizon-money'),
    deleted: world.store.table('mobizon-deleted'),
    members: new Map(),
  };
  for (const message of store.sms.all()) joinCampaign(store, message);
  return store;
}

/** Remembers that the message belongs to its campaign. */
export function joinCampaign({ members }: MobizonStore, message: Sms): void {
  const ids = members.get(message.campaignId);
  if (ids === undefined) members.set(message.campaignId, [message.id]);
  else ids.push(message.id);
}

/** The messages of a campaign, in the order of adding. */
export function messagesOf({ members, sms }: MobizonStore, campaignId: string): Sms[] {
  return (members.get(campaignId) ?? []).flatMap((id) => sms.get(id) ?? []);
}

/** Changes a campaign, if there is one with this id. */
export function changeCampaign(store: MobizonStore, id: string, change: Partial<Campaign>): void {
  const campaign = store.campaigns.get(id);
  if (campaign !== undefined) store.campaigns.put(id, { ...campaign, ...change });
}

/** What is left, in ten-thousandths of a tenge. */
export function balanceOf({ money, settings }: MobizonStore): number {
  return money.get('balance')?.balance ?? toMoney(settings().balance);
}

/** Throws the configured code when the balance does not cover these texts. */
export function checkBalance(store: MobizonStore, texts: string[]): void {
  const { segmentPrice, shortBalanceCode: code } = store.settings();
  const segments = texts.reduce((sum, text) => sum + segment(text).segments, 0);
  if (segments * toMoney(segmentPrice) <= balanceOf(store)) return;
  const words = 'Недостаточно средств на балансе.';
  throw new MobizonError(
    code,
    code === 1 ? { balance: [words] } : '',
    `${messages[code]} ${words}`,
  );
}

/** Debits a message and enters it into the ledger of effects: from here on it was sent. */
export function bill(store: MobizonStore, message: Sms, campaign: Campaign): void {
  const cost = message.segments * toMoney(store.settings().segmentPrice);
  store.money.put('balance', { balance: balanceOf(store) - cost });
  store.sms.put(message.id, { ...message, cost, from: campaign.from });
  store.world.effects.record({
    provider: 'mobizon',
    kind: 'sms',
    id: message.id,
    to: [message.to],
    campaignId: campaign.id,
    campaignName: campaign.name,
    text: message.text,
    from: campaign.from,
    askedFrom: campaign.askedFrom,
    segments: message.segments,
    encoding: message.encoding,
    cost: formatMoney(cost),
  });
}

/** Gives the money for a message back. */
export function giveBack(store: MobizonStore, message: Sms): void {
  store.money.put('balance', { balance: balanceOf(store) + message.cost });
  store.world.effects.record({
    provider: 'mobizon',
    kind: 'sms-refund',
    id: message.id,
    to: [message.to],
    campaignId: message.campaignId,
    cost: formatMoney(message.cost),
  });
}
