/**
 * Where each kind of alert is raised in a test, and where it is seen to end. Whoever adds a kind names them here: the
 * compiler asks for it. The texts of those tests are read, not run.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { alertKinds, kindOf, type AlertKind } from '@leadwire/shared/contract/alert-kinds';

/** A test file, a slash, and how a test in it begins. */
type Place = readonly [file: string, test: string];
interface Shown {
  /** How the alert is called there, where a test has one of many. */
  as?: string;
  raised: Place;
  ended?: Place;
}

const RELAY = 'services/telegram-relay/test';
const API = 'services/landing-api/test';
const both = (file: string, start: string, as?: string): Shown => {
  const place = [file, start] as const;
  return { raised: place, ended: place, ...(as !== undefined && { as }) };
};
const REFERRALS = 'services/referrals/test/referrals.int.test.ts';
const SALES = 'sales wait for a tier';

const SHOWN: Readonly<Record<AlertKind, Shown>> = {
  '*_stopped': both(
    `${RELAY}/updates.int.test.ts`,
    'of a bot is one alert',
    'telegram-leads_stopped',
  ),
  '*_limited': both(`${RELAY}/limits.int.test.ts`, 'limited in chat', 'telegram-leads_limited'),
  '*_dead_letters': {
    as: 'notifier-email_dead_letters',
    raised: ['packages/shared/test/stop-alerts.int.test.ts', 'a message that was given up'],
    ended: ['packages/cli/test/dead.int.test.ts', 'of the last one ends the alert'],
  },
  'service_gone-*': both(
    `${RELAY}/digest.int.test.ts`,
    'a service that takes nothing',
    'service_gone-',
  ),
  provider_down: both(
    'services/notifier/test/outages.int.test.ts',
    'an outage of more',
    'снова отвечает',
  ),
  mail_fallback: both(
    'services/notifier/test/mail-fallback.int.test.ts',
    'new mails go through',
    'alert()',
  ),
  mobizon_balance_low: both('services/notifier/test/balance-watch.int.test.ts', 'a low balance'),
  sms_balance: both('services/notifier/test/sms-money.int.test.ts', 'a balance that does not'),
  sms_budget: both('services/notifier/test/sms-money.int.test.ts', 'the budget is kept'),
  sms_budget_campaigns: both(
    'services/mailer-batch/test/ends.int.test.ts',
    'SMS beyond the budget',
  ),
  journal_not_draining: both(`${API}/journal-alerts.int.test.ts`, 'leads that stay'),
  journal_not_writable: both(`${API}/journal-alerts.int.test.ts`, 'a journal that a disk'),
  disk: both(`${API}/journal-alerts.int.test.ts`, 'streams that fill'),
  flood: {
    raised: [`${API}/flood.int.test.ts`, 'a flood from many'],
    ended: [`${API}/flood.int.test.ts`, 'it is over when'],
  },
  quarantined: {
    raised: [`${API}/flood.int.test.ts`, 'a held lead that could be reached'],
    ended: [`${API}/flood.int.test.ts`, 'a held lead that could be reached'],
  },
  no_leads: both(`${RELAY}/digest.int.test.ts`, 'silence against the usual'),
  forms_refused: both(`${API}/forms.int.test.ts`, 'keeps what has no contacts'),
  origin_refused: both(`${API}/defences.int.test.ts`, 'is refused whatever'),
  facebook_refused: both(`${API}/facebook.int.test.ts`, 'refuses the token'),
  webhooks_refused: {
    raised: [`${API}/defences.int.test.ts`, 'wrong secrets of hooks'],
    ended: [`${API}/hook-guards.test.ts`, 'wrong secrets are told of'],
  },
  untrusted_proxy: both(`${API}/defences.int.test.ts`, 'somebody who speaks for others'),
  amocrm_mapping: both('services/crm-sync/test/trouble.int.test.ts', 'a field: the deal'),
  'campaign_paused-*': both(
    'test/stack/paused-campaign.int.test.ts',
    'campaign_paused-: a revoked key',
    'campaign_paused-',
  ),
  'telegram_group_*': {
    as: 'alertOf(groupId)',
    raised: [`${RELAY}/updates.int.test.ts`, 'restricted it is paused'],
    ended: [`${RELAY}/updates.int.test.ts`, 'restricted it is paused'],
  },
  staff_conflict: both(
    'services/identity-sync/test/identity-sync.int.test.ts',
    'whoever is in conflict',
  ),
  referrals_no_tiers: both(REFERRALS, SALES),
  referrals_self_referral: { raised: [REFERRALS, SALES] },
  referrals_refund_after_payment: { raised: [REFERRALS, SALES] },
  forced_resend: { raised: ['packages/operations/test/acts.int.test.ts', 'a copy of what'] },
  upkeep: {
    raised: ['services/identity-sync/test/identity-sync.int.test.ts', 'the checks of the day'],
  },
};

/** Alerts of a kind that another one shows already, with a cause of their own. */
const ALSO: Readonly<Record<string, Shown>> = {
  'supabase-landing_stopped': both(
    'services/lead-store/test/database-stops.int.test.ts',
    'a database without a function',
  ),
};

/** The text of a test, from its name to the next one. */
function bodyOf([file, start]: Place): string {
  const text = readFileSync(join(import.meta.dirname, '..', file), 'utf8');
  const at = text.indexOf(`'${start}`);
  if (at < 0) throw new Error(`${file} has no test '${start}…'`);
  const next = text.slice(at).search(/\n\s*(?:test|describe)(?:\.each)?\(/);
  return next < 0 ? text.slice(at) : text.slice(at, at + next);
}

test.each(Object.entries({ ...SHOWN, ...ALSO }))(
  '%s has a test that raises it, and one in which it ends',
  (kind, shown) => {
    const { as = kind, raised, ended } = shown;
    expect(bodyOf(raised)).toContain(as);
    // What has happened has no end; everything else stands until a test sees it resolved.
    const known = kindOf(as)?.kind ?? (kind as AlertKind);
    expect(ended !== undefined).toBe(alertKinds[known] === 'lasts');
    const end = ended ? bodyOf(ended) : `${as} resolved`;
    expect(end).toContain(as);
    expect(end).toMatch(/resolved|снова отвечает/);
  },
);
