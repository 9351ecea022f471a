/**
 * Every kind of alert there is. What each says to people is in telegram-relay (alert-words.ts); which test raises it and
 * which sees it end is in test/alerts-shown.test.ts. Both are refused by the compiler when a kind is missing.
 */

/**
 * By its name, in which `*` stands for what it is about: a consumer, a service, a campaign, a group. `lasts`: it stands until
 * somebody says that it is over. `happened`: told each time, nothing ends it.
 */
export const alertKinds = {
  '*_stopped': 'lasts',
  '*_limited': 'lasts',
  '*_dead_letters': 'lasts',
  'service_gone-*': 'lasts',
  provider_down: 'lasts',
  mail_fallback: 'lasts',
  mobizon_balance_low: 'lasts',
  sms_balance: 'lasts',
  sms_budget: 'lasts',
  sms_budget_campaigns: 'lasts',
  journal_not_draining: 'lasts',
  journal_not_writable: 'lasts',
  disk: 'lasts',
  flood: 'lasts',
  quarantined: 'lasts',
  no_leads: 'lasts',
  forms_refused: 'lasts',
  origin_refused: 'lasts',
  facebook_refused: 'lasts',
  webhooks_refused: 'lasts',
  untrusted_proxy: 'lasts',
  amocrm_mapping: 'lasts',
  'campaign_paused-*': 'lasts',
  'telegram_group_*': 'lasts',
  staff_conflict: 'lasts',
  referrals_no_tiers: 'lasts',
  referrals_self_referral: 'happened',
  referrals_refund_after_payment: 'happened',
  forced_resend: 'happened',
  upkeep: 'happened',
} as const satisfies Readonly<Record<string, 'lasts' | 'happened'>>;

export type AlertKind = keyof typeof alertKinds;

type NameOf<Kind extends string> = Kind extends `${infer Start}*${infer End}`
  ? `${Start}${string}${End}`
  : Kind;

/** What an alert may be about, one token: `notifier-sms_stopped`. Alerts about the same thing share it. */
export type AlertName = NameOf<AlertKind>;

const PATTERNS = (Object.keys(alertKinds) as AlertKind[]).map((kind) => {
  const [start = '', end] = kind.split('*');
  return { kind, start, end };
});

/** The kind of an alert and what it is about (`notifier-sms`); undefined for a name that no version of ours gives. */
export function kindOf(what: string): { kind: AlertKind; about: string } | undefined {
  for (const { kind, start, end } of PATTERNS) {
    if (end === undefined ? what === start : what.startsWith(start) && what.endsWith(end)) {
      return { kind, about: what.slice(start.length, end ? -end.length : undefined) };
    }
  }
  return undefined;
}
