import type { Store } from './store.ts';

type Common = {
  /** 1, 2, 3 … over all providers, in the order of happening. */
  sequence: number;
  /** ISO time on the virtual clock. */
  at: string;
  /** The provider's id of the thing: email id, message id. */
  id: string;
  to: string[];
};

/** A mail that a provider took responsibility for. */
export type MailEffect = Common & {
  provider: 'resend' | 'mailgun';
  kind: 'mail';
  from: string;
  subject: string;
  html: string | null;
  text: string | null;
  headers: Record<string, string>;
  tags: { name: string; value: string }[];
  idempotencyKey: string | null;
};

/** An SMS that Mobizon billed. `from` is the sender really used, `askedFrom` the one that was asked for. */
export type SmsEffect = Common & {
  provider: 'mobizon';
  kind: 'sms';
  campaignId: string;
  campaignName: string;
  text: string;
  from: string;
  askedFrom: string | null;
  segments: number;
  encoding: 'GSM-7' | 'UCS-2';
  /** Tenge, four decimals, as the provider writes money. */
  cost: string;
};

/** Money given back after a moderator declined the campaign. */
export type SmsRefundEffect = Common & {
  provider: 'mobizon';
  kind: 'sms-refund';
  campaignId: string;
  cost: string;
};

type AmoCommon = Common & {
  provider: 'amocrm';
  /** Through the API, or by a person in AmoCRM. */
  by: 'api' | 'manager';
};

/** A contact of AmoCRM appeared, was really changed (equal values do not count), or was deleted. */
export type AmoContactEffect = AmoCommon & {
  kind: 'contact-created' | 'contact-changed' | 'contact-deleted';
  name: string;
};

/** The same for a deal. `to` are its contacts' phones and addresses; a move tells from which stage to which. */
export type AmoLeadEffect = AmoCommon & {
  kind: 'lead-created' | 'lead-moved' | 'lead-changed' | 'lead-deleted' | 'lead-restored';
  name: string;
  pipelineId?: number;
  statusId?: number;
  fromStatusId?: number;
};

/** A note appeared at a deal or a contact. */
export type AmoNoteEffect = AmoCommon & {
  kind: 'note-added';
  entityType: 'leads' | 'contacts' | 'companies';
  entityId: number;
  text: string;
};

export type AmoEffect = AmoContactEffect | AmoLeadEffect | AmoNoteEffect;

/** A message that a bot showed in a chat. `to` is the chat's id at that moment, as a text. */
export type TelegramMessageEffect = Common & {
  provider: 'telegram';
  kind: 'message';
  chatId: string;
  /** The group's name, or the person's. */
  chatTitle: string;
  messageId: number;
  /** The bot's name in the settings: leads, admin, mentor. */
  bot: string;
  /** As it is read, without markup. */
  text: string;
  entities: { type: string; offset: number; length: number; url?: string; language?: string }[];
  threadId: number | null;
};

/** What really happened in the outside world, as against what was asked: a provider adds its kinds here. */
export type Effect = MailEffect | SmsEffect | SmsRefundEffect | AmoEffect | TelegramMessageEffect;

/** An effect before it is written down. */
export type NewEffect<E = Effect> = E extends Effect ? Omit<E, 'sequence' | 'at'> : never;

export type EffectFilter = {
  provider?: string | undefined;
  to?: string | undefined;
  kind?: string | undefined;
  /** Only those with a higher sequence: what happened since a look. */
  after?: number | undefined;
  /** At most so many, the oldest of them. */
  most?: number | undefined;
};

export type Effects = {
  record(effect: NewEffect): void;
  list(filter?: EffectFilter): Effect[];
};

/** The ledger that tests assert on: exactly one effect for one business event. */
export function createEffects(store: Store, now: () => number): Effects {
  const table = store.table<Effect>('effects');
  return {
    record: (effect) => {
      const sequence = table.size() + 1;
      const full: Effect = { sequence, at: new Date(now()).toISOString(), ...effect };
      table.put(String(sequence), full);
    },
    list: (filter = {}) =>
      table
        .all()
        .filter((effect) => matches(effect, filter))
        .slice(0, filter.most),
  };
}

function matches(effect: Effect, { provider, to, kind, after = 0 }: EffectFilter): boolean {
  return (
    effect.sequence > after &&
    (provider === undefined || effect.provider === provider) &&
    (kind === undefined || effect.kind === kind) &&
    (to === undefined || effect.to.includes(to))
  );
}
