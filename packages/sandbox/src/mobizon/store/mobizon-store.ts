/** The tables of a Mobizon account, and the money in it. */
import type { World } from '../../world/provider.ts';
import type { Table } from '../../world/store.ts';
import { MobizonError, messages } from '../api/envelope.ts';
import { formatMoney, segment, toMoney } from './segments.ts';
import type { MobizonSettings } from '../lifecycle/settings.ts';
import type { Campaign, Sms } from './sms.ts';

export type Books = {
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

/** Opens the books over the world's store. */
export function openBooks(
  world: World,
  settings: () => MobizonSettings,
  onFinal: (sms: Sms) => void,
): Books {
  const { store } = world;
  const books: Books = {
    world,
    settings,
    onFinal,
    campaigns: store.table('mobizon-campaigns'),
    sms: store.table('mobizon-sms'),
    money: store.table('mobizon-money'),
    deleted: store.table('mobizon-deleted'),
    members: new Map(),
  };
  for (const message of books.sms.all()) joinCampaign(books, message);
  return books;
}

/** Remembers that the message belongs to its campaign. */
export function joinCampaign({ members }: Books, message: Sms): void {
  const ids = members.get(message.campaignId);
  if (ids === undefined) members.set(message.campaignId, [message.id]);
  else ids.push(message.id);
}

/** The messages of a campaign, in the order of adding. */
export function messagesOf({ members, sms }: Books, campaignId: string): Sms[] {
  return (members.get(campaignId) ?? []).flatMap((id) => sms.get(id) ?? []);
}

/** Changes a campaign, if there is one with this id. */
export function changeCampaign(books: Books, id: string, change: Partial<Campaign>): void {
  const campaign = books.campaigns.get(id);
  if (campaign !== undefined) books.campaigns.put(id, { ...campaign, ...change });
}

/** What is left, in ten-thousandths of a tenge. */
export function balanceOf({ money, settings }: Books): number {
  return money.get('balance')?.balance ?? toMoney(settings().balance);
}

/** Throws the configured code when the balance does not cover these texts. */
export function checkBalance(books: Books, texts: string[]): void {
  const { segmentPrice, shortBalanceCode: code } = books.settings();
  const segments = texts.reduce((sum, text) => sum + segment(text).segments, 0);
  if (segments * toMoney(segmentPrice) <= balanceOf(books)) return;
  const words = 'Недостаточно средств на балансе.';
  throw new MobizonError(
    code,
    code === 1 ? { balance: [words] } : '',
    `${messages[code]} ${words}`,
  );
}

/** Debits a message and enters it into the ledger of effects: from here on it was sent. */
export function bill(books: Books, message: Sms, campaign: Campaign): void {
  const cost = message.segments * toMoney(books.settings().segmentPrice);
  books.money.put('balance', { balance: balanceOf(books) - cost });
  books.sms.put(message.id, { ...message, cost, from: campaign.from });
  books.world.effects.record({
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
export function giveBack(books: Books, message: Sms): void {
  books.money.put('balance', { balance: balanceOf(books) + message.cost });
  books.world.effects.record({
    provider: 'mobizon',
    kind: 'sms-refund',
    id: message.id,
    to: [message.to],
    campaignId: message.campaignId,
    cost: formatMoney(message.cost),
  });
}
