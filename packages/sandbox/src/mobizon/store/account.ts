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
  openMobizonStore,
  type MobizonStore,
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
  const store = openMobizonStore(world, settings, onFinal);
  return {
    campaigns: store.campaigns,
    sms: store.sms,
    /** Ten-thousandths of a tenge. */
    balance: () => balanceOf(store),
    setBalance: (tenge: number) => store.money.put('balance', { balance: toMoney(tenge) }),
    checkBalance: (texts: string[]) => checkBalance(store, texts),
    ofCampaign: (id: string) => messagesOf(store, id),
    moveCampaign: (id: string, change: Partial<Campaign>) => changeCampaign(store, id, change),
    create: (given: NewCampaign) => create(store, given),
    remove: (id: string) => remove(store, id),
    addMessage: (campaign: Campaign, to: string, text: string) =>
      addMessage(store, campaign, to, text),
    clearMessages: (id: string) => clearMessages(store, id),
    send: (id: string) => send(store, id),
    decide: (id: string, verdict: Verdict) => decide(store, id, verdict),
    /** To be called when the store was emptied. */
    forget: () => store.members.clear(),
    resume: () => resume(store),
  };
}

export type Account = ReturnType<typeof createAccount>;

/** Creates a campaign that has not been sent. An unregistered sender is silently replaced. */
function create(store: MobizonStore, given: NewCampaign): Campaign {
  const { senders, sharedSender } = store.settings();
  const asked = given.askedFrom ?? senders[0] ?? sharedSender;
  const campaign: Campaign = {
    ...given,
    id: String(FIRST_CAMPAIGN_ID + store.campaigns.size() + store.deleted.size()),
    from: senders.includes(asked) ? asked : sharedSender,
    status: 'NEW',
    createdAt: store.world.clock.now(),
    sentAt: null,
    rejectedRecipients: 0,
    comment: '',
  };
  store.campaigns.put(campaign.id, campaign);
  return campaign;
}

/** Forgets an unsent campaign and its messages. */
function remove(store: MobizonStore, id: string): void {
  clearMessages(store, id);
  store.campaigns.remove(id);
  store.deleted.put(id, 1);
}

function addMessage(store: MobizonStore, campaign: Campaign, to: string, text: string): Sms {
  const now = store.world.clock.now();
  const { segments, encoding } = segment(text);
  const message: Sms = {
    id: String(FIRST_MESSAGE_ID + store.sms.size()),
    campaignId: campaign.id,
    to,
    text,
    from: campaign.from,
    uuid: store.world.random.uuid(),
    segments,
    encoding,
    cost: 0,
    status: 'NEW',
    createdAt: now,
    startedAt: null,
    statusAt: now,
  };
  store.sms.put(message.id, message);
  joinCampaign(store, message);
  return message;
}

/** Takes all messages out of an unsent campaign. They stay as deleted, so that their ids are not used again. */
function clearMessages(store: MobizonStore, id: string): void {
  for (const message of messagesOf(store, id)) {
    store.sms.put(message.id, { ...message, campaignId: '', status: 'DELETED' });
  }
  store.members.delete(id);
}

/** Bills a campaign and lets it go, or leaves it to a moderator. Answers 1 (moderation) or 2 (sent). */
function send(store: MobizonStore, id: string): 1 | 2 {
  const campaign = store.campaigns.get(id);
  if (campaign === undefined) throw new MobizonError(2);
  for (const message of messagesOf(store, id)) bill(store, message, campaign);
  const waits = needsModerator(campaign, store.settings());
  if (waits) changeCampaign(store, id, { status: 'MODERATION', sentAt: store.world.clock.now() });
  else run(store, id);
  store.world.changed();
  return waits ? 1 : 2;
}

function run(store: MobizonStore, id: string): void {
  changeCampaign(store, id, { status: 'SENT', sentAt: store.world.clock.now() });
  for (const message of messagesOf(store, id)) carryOn(store, message.id);
}

function needsModerator(campaign: Campaign, settings: MobizonSettings): boolean {
  const text = campaign.text.toLowerCase();
  const isMarked = settings.moderatedWords.some((word) => text.includes(word.toLowerCase()));
  return settings.moderateAll || isMarked;
}

export type Verdict = { approved: boolean; refund: boolean; comment: string };

/** A moderator's word on a waiting campaign; false when it is not waiting. */
function decide(store: MobizonStore, id: string, { approved, refund, comment }: Verdict): boolean {
  if (store.campaigns.get(id)?.status !== 'MODERATION') return false;
  if (approved) run(store, id);
  else {
    changeCampaign(store, id, { status: 'DECLINED', comment });
    for (const message of messagesOf(store, id)) {
      const statusAt = store.world.clock.now();
      store.sms.put(message.id, { ...message, status: 'REJECTD', statusAt });
      if (refund) giveBack(store, message);
    }
  }
  store.world.changed();
  return true;
}

/** Goes on with the messages that a former process left on their way. */
function resume(store: MobizonStore): void {
  for (const message of store.sms.all()) {
    if (store.campaigns.get(message.campaignId)?.status === 'SENT') carryOn(store, message.id);
  }
}
