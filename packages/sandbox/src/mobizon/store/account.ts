/** What can be done with the account: campaigns are made, filled, sent, moderated, deleted. */
import type { World } from '../../world/provider.ts';
import {
  balanceOf,
  bill,
  changeCampaign,
  checkBalance,
  giveBack,
  joinCampaign,
  messagesOf,
  openBooks,
  type Books,
} from './mobizon-store.ts';
import { MobizonError } from '../api/envelope.ts';
import { carryOn } from '../lifecycle/message-lifecycle.ts';
import { segment, toMoney } from './segments.ts';
import type { MobizonSettings } from '../lifecycle/settings.ts';
import type { Campaign, Sms } from './sms.ts';

export type NewCampaign = Omit<
  Campaign,
  'id' | 'status' | 'createdAt' | 'sentAt' | 'rejectedRecipients' | 'comment' | 'from'
>;

const FIRST_CAMPAIGN_ID = 100_001;
const FIRST_MESSAGE_ID = 700_001;

/** Opens the account. `onFinal` hears each message's last status, once. */
export function createAccount(
  world: World,
  settings: () => MobizonSettings,
  onFinal: (sms: Sms) => void,
) {
  const books = openBooks(world, settings, onFinal);
  return {
    campaigns: books.campaigns,
    sms: books.sms,
    /** Ten-thousandths of a tenge. */
    balance: () => balanceOf(books),
    setBalance: (tenge: number) => books.money.put('balance', { balance: toMoney(tenge) }),
    checkBalance: (texts: string[]) => checkBalance(books, texts),
    ofCampaign: (id: string) => messagesOf(books, id),
    moveCampaign: (id: string, change: Partial<Campaign>) => changeCampaign(books, id, change),
    create: (given: NewCampaign) => create(books, given),
    remove: (id: string) => remove(books, id),
    addMessage: (campaign: Campaign, to: string, text: string) =>
      addMessage(books, campaign, to, text),
    clearMessages: (id: string) => clearMessages(books, id),
    send: (id: string) => send(books, id),
    decide: (id: string, verdict: Verdict) => decide(books, id, verdict),
    /** To be called when the store was emptied. */
    forget: () => books.members.clear(),
    resume: () => resume(books),
  };
}

export type Account = ReturnType<typeof createAccount>;

/** Creates a campaign that has not been sent. An unregistered sender is silently replaced. */
function create(books: Books, given: NewCampaign): Campaign {
  const { senders, sharedSender } = books.settings();
  const asked = given.askedFrom ?? senders[0] ?? sharedSender;
  const campaign: Campaign = {
    ...given,
    id: String(FIRST_CAMPAIGN_ID + books.campaigns.size() + books.deleted.size()),
    from: senders.includes(asked) ? asked : sharedSender,
    status: 'NEW',
    createdAt: books.world.clock.now(),
    sentAt: null,
    rejectedRecipients: 0,
    comment: '',
  };
  books.campaigns.put(campaign.id, campaign);
  return campaign;
}

/** Forgets an unsent campaign and its messages. */
function remove(books: Books, id: string): void {
  clearMessages(books, id);
  books.campaigns.remove(id);
  books.deleted.put(id, 1);
}

function addMessage(books: Books, campaign: Campaign, to: string, text: string): Sms {
  const now = books.world.clock.now();
  const { segments, encoding } = segment(text);
  const message: Sms = {
    id: String(FIRST_MESSAGE_ID + books.sms.size()),
    campaignId: campaign.id,
    to,
    text,
    from: campaign.from,
    uuid: books.world.random.uuid(),
    segments,
    encoding,
    cost: 0,
    status: 'NEW',
    createdAt: now,
    startedAt: null,
    statusAt: now,
  };
  books.sms.put(message.id, message);
  joinCampaign(books, message);
  return message;
}

/** Takes all messages out of an unsent campaign. They stay as deleted, so that their ids are not used again. */
function clearMessages(books: Books, id: string): void {
  for (const message of messagesOf(books, id)) {
    books.sms.put(message.id, { ...message, campaignId: '', status: 'DELETED' });
  }
  books.members.delete(id);
}

/** Bills a campaign and lets it go, or leaves it to a moderator. Answers 1 (moderation) or 2 (sent). */
function send(books: Books, id: string): 1 | 2 {
  const campaign = books.campaigns.get(id);
  if (campaign === undefined) throw new MobizonError(2);
  for (const message of messagesOf(books, id)) bill(books, message, campaign);
  const waits = needsModerator(campaign, books.settings());
  if (waits) changeCampaign(books, id, { status: 'MODERATION', sentAt: books.world.clock.now() });
  else run(books, id);
  books.world.changed();
  return waits ? 1 : 2;
}

function run(books: Books, id: string): void {
  changeCampaign(books, id, { status: 'SENT', sentAt: books.world.clock.now() });
  for (const message of messagesOf(books, id)) carryOn(books, message.id);
}

function needsModerator(campaign: Campaign, settings: MobizonSettings): boolean {
  const text = campaign.text.toLowerCase();
  const isMarked = settings.moderatedWords.some((word) => text.includes(word.toLowerCase()));
  return settings.moderateAll || isMarked;
}

export type Verdict = { approved: boolean; refund: boolean; comment: string };

/** A moderator's word on a waiting campaign; false when it is not waiting. */
function decide(books: Books, id: string, { approved, refund, comment }: Verdict): boolean {
  if (books.campaigns.get(id)?.status !== 'MODERATION') return false;
  if (approved) run(books, id);
  else {
    changeCampaign(books, id, { status: 'DECLINED', comment });
    for (const message of messagesOf(books, id)) {
      const statusAt = books.world.clock.now();
      books.sms.put(message.id, { ...message, status: 'REJECTD', statusAt });
      if (refund) giveBack(books, message);
    }
  }
  books.world.changed();
  return true;
}

/** Goes on with the messages that a former process left on their way. */
function resume(books: Books): void {
  for (const message of books.sms.all()) {
    if (books.campaigns.get(message.campaignId)?.status === 'SENT') carryOn(books, message.id);
  }
}
