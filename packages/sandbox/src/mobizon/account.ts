/** The account's books: balance, campaigns, messages, and the way of a message through the operator. */
import type { World } from '../world/provider.ts';
import { MobizonError, messages } from './envelope.ts';
import { formatMoney, segment, toMoney } from './segments.ts';
import type { MobizonSettings } from './settings.ts';
import { FINAL, type Campaign, type MessageStatus, type Sms } from './sms.ts';

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
  const { clock, store, effects, random } = world;
  const campaigns = store.table<Campaign>('mobizon-campaigns');
  const sms = store.table<Sms>('mobizon-sms');
  const money = store.table<{ balance: number }>('mobizon-money');

  const balance = (): number => money.get('balance')?.balance ?? toMoney(settings().balance);
  const setBalance = (value: number): void => money.put('balance', { balance: value });
  const members = new Map<string, string[]>();
  const join = (message: Sms): void => {
    members.set(message.campaignId, [...(members.get(message.campaignId) ?? []), message.id]);
  };
  for (const message of sms.all()) join(message);
  const ofCampaign = (id: string): Sms[] =>
    (members.get(id) ?? []).flatMap((each) => sms.get(each) ?? []);

  const moveCampaign = (id: string, change: Partial<Campaign>): void => {
    const campaign = campaigns.get(id);
    if (campaign !== undefined) campaigns.put(id, { ...campaign, ...change });
  };
  const move = (message: Sms, status: MessageStatus): void => {
    const moved = {
      ...message,
      status,
      statusAt: clock.now(),
      startedAt: message.startedAt ?? clock.now(),
    };
    sms.put(message.id, moved);
    if (FINAL.includes(status)) {
      onFinal(moved);
      if (ofCampaign(message.campaignId).every((each) => FINAL.includes(each.status))) {
        moveCampaign(message.campaignId, { status: 'DONE' });
      }
    }
    world.changed();
    carryOn(message.id);
  };
  /** Plans the next step of a message that is on its way. */
  const carryOn = (id: string): void => {
    const message = sms.get(id);
    if (message === undefined) return;
    const next = nextStatus(message, settings());
    if (next === null) return;
    const campaign = campaigns.get(message.campaignId);
    const start =
      message.status === 'NEW' ? Math.max(campaign?.deferredTo ?? 0, clock.now()) : clock.now();
    const wait =
      next === 'EXPIRED' ? (campaign?.validityMinutes ?? 1440) * 60_000 : settings().statusStepMs;
    clock.schedule(start + wait, () => {
      const current = sms.get(id);
      if (current?.status === message.status) move(current, next);
    });
  };
  const bill = (message: Sms, campaign: Campaign): void => {
    const cost = message.segments * toMoney(settings().segmentPrice);
    setBalance(balance() - cost);
    sms.put(message.id, { ...message, cost, from: campaign.from });
    effects.record({
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
  };
  const run = (id: string): void => {
    moveCampaign(id, { status: 'SENT', sentAt: clock.now() });
    for (const message of ofCampaign(id)) carryOn(message.id);
    world.changed();
  };

  return {
    balance,
    setBalance: (tenge: number) => setBalance(toMoney(tenge)),
    campaigns,
    sms,
    ofCampaign,
    moveCampaign,
    /** Creates a campaign that has not been sent. An unregistered sender is silently replaced. */
    create(given: NewCampaign): Campaign {
      const { senders, sharedSender } = settings();
      const asked = given.askedFrom ?? senders[0] ?? sharedSender;
      const from = senders.includes(asked) ? asked : sharedSender;
      const id = String(FIRST_CAMPAIGN_ID + campaigns.size() + deletedCampaigns(store));
      const campaign: Campaign = {
        ...given,
        id,
        from,
        status: 'NEW',
        createdAt: clock.now(),
        sentAt: null,
        rejectedRecipients: 0,
        comment: '',
      };
      campaigns.put(id, campaign);
      return campaign;
    },
    /** Forgets an unsent campaign and its messages. */
    remove(id: string): void {
      for (const message of ofCampaign(id)) sms.put(message.id, { ...message, status: 'DELETED' });
      campaigns.remove(id);
      store.table<number>('mobizon-deleted').put(id, 1);
    },
    /** Takes all messages out of an unsent campaign. */
    clearMessages(id: string): void {
      for (const message of ofCampaign(id)) {
        sms.put(message.id, { ...message, campaignId: '', status: 'DELETED' });
      }
      members.delete(id);
    },
    addMessage(campaign: Campaign, to: string, text: string): Sms {
      const { segments, encoding } = segment(text);
      const id = String(FIRST_MESSAGE_ID + sms.size());
      const at = clock.now();
      const message: Sms = {
        id,
        campaignId: campaign.id,
        to,
        text,
        from: campaign.from,
        uuid: random.uuid(),
        segments,
        encoding,
        cost: 0,
        status: 'NEW',
        createdAt: at,
        startedAt: null,
        statusAt: at,
      };
      sms.put(id, message);
      join(message);
      return message;
    },
    /** Throws the configured code when the balance does not cover these texts. */
    checkBalance(texts: string[]): void {
      const price = toMoney(settings().segmentPrice);
      const cost = texts.reduce((sum, each) => sum + segment(each).segments * price, 0);
      if (cost <= balance()) return;
      const words = 'Недостаточно средств на балансе.';
      const code = settings().shortBalanceCode;
      throw new MobizonError(
        code,
        code === 1 ? { balance: [words] } : '',
        `${messages[code]} ${words}`,
      );
    },
    /** Bills a campaign and lets it go, or leaves it to a moderator. Answers 1 (moderation) or 2 (sent). */
    send(id: string): 1 | 2 {
      const campaign = campaigns.get(id);
      if (campaign === undefined) throw new MobizonError(2);
      for (const message of ofCampaign(id)) bill(message, campaign);
      if (needsModerator(campaign, settings())) {
        moveCampaign(id, { status: 'MODERATION', sentAt: clock.now() });
        world.changed();
        return 1;
      }
      run(id);
      return 2;
    },
    /** A moderator's word on a waiting campaign; false when it is not waiting. */
    decide(id: string, approved: boolean, refund: boolean, comment: string): boolean {
      if (campaigns.get(id)?.status !== 'MODERATION') return false;
      if (approved) run(id);
      else {
        moveCampaign(id, { status: 'DECLINED', comment });
        for (const message of ofCampaign(id)) {
          sms.put(message.id, { ...message, status: 'REJECTD', statusAt: clock.now() });
          if (refund) giveBack(message);
        }
      }
      world.changed();
      return true;
    },
    /** To be called when the store was emptied. */
    forget(): void {
      members.clear();
    },
    /** Goes on with the messages that a former process left on their way. */
    resume(): void {
      for (const message of sms.all()) {
        const { status } = campaigns.get(message.campaignId) ?? {};
        if (status === 'SENT' || status === 'RUNNING') carryOn(message.id);
      }
    },
  };

  function giveBack(message: Sms): void {
    setBalance(balance() + message.cost);
    effects.record({
      provider: 'mobizon',
      kind: 'sms-refund',
      id: message.id,
      to: [message.to],
      campaignId: message.campaignId,
      cost: formatMoney(message.cost),
    });
  }
}

export type Account = ReturnType<typeof createAccount>;

/** Ids are never used again, also after a draft was deleted. */
function deletedCampaigns(store: World['store']): number {
  return store.table<number>('mobizon-deleted').size();
}

function needsModerator(campaign: Campaign, settings: MobizonSettings): boolean {
  const text = campaign.text.toLowerCase();
  return (
    settings.moderateAll ||
    settings.moderatedWords.some((word) => text.includes(word.toLowerCase()))
  );
}

function nextStatus(message: Sms, settings: MobizonSettings): MessageStatus | null {
  const outcome = settings.outcomes[message.to] ?? 'DELIVRD';
  switch (message.status) {
    case 'NEW':
      return 'ENQUEUD';
    case 'ENQUEUD':
      return outcome === 'REJECTD' ? 'REJECTD' : 'ACCEPTD';
    case 'ACCEPTD':
      // A long message comes in parts.
      return message.segments > 1 && outcome === 'DELIVRD' ? 'PDLIVRD' : outcome;
    case 'PDLIVRD':
      return outcome;
    case 'DELIVRD':
    case 'UNDELIV':
    case 'REJECTD':
    case 'EXPIRED':
    case 'DELETED':
      return null;
  }
}
