/**
 * Brings the rows to where the rules say they are: open sales become conversions, refunds take them back; then referrers
 * are told. It looks at what is there and not at what has just come, so the order of facts does not matter, and a run that
 * died half-way is made good by the next one.
 */
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import type { Log } from '@leadwire/shared/runtime/log';
import type { TellReferrer } from './commission-message.ts';
import { decide } from './rules.ts';
import { MOST, type OpenSale, type ReferralStore, type Remark, type Tier } from './store.ts';

/** Has every referrer told who was not yet; telling one again is the same message. @throws as the store and `tell` */
export async function tellReferrers(store: ReferralStore, tell: TellReferrer): Promise<void> {
  for (const commission of await store.untold()) {
    await tell(commission);
    await store.told(commission.conversionId);
  }
}

export interface SettlePorts {
  store: ReferralStore;
  alerts: Pick<Alerts, 'raise' | 'resolve' | 'report'>;
  log: Log;
}

const NO_TIERS = { severity: 'warning', what: 'referrals_no_tiers' } as const;
const noTiers = (count: number) =>
  `${count} sales of referrers wait: there is no tier of commissions. Add one: leadwire referrals tier 1 --percent 10`;

/** One run at a time: whoever calls while one is under way gets the next one. @throws as the store and the broker. */
export function createSettle(ports: SettlePorts): () => Promise<void> {
  const { store } = ports;
  let last: Promise<void> = Promise.resolve();
  /** From the start, because an earlier process may have said so. */
  let isWaiting = true;

  /** Whether there may be more to do. */
  const convertOpen = async (): Promise<boolean> => {
    const { tiers, sales } = await store.open();
    if (sales.length === 0) return false;
    if (tiers.length === 0) {
      isWaiting = true;
      await ports.alerts.raise({ ...NO_TIERS, message: noTiers(sales.length) });
      return false;
    }
    if (isWaiting) await ports.alerts.resolve(NO_TIERS.what, 'there are tiers of commissions');
    isWaiting = false;
    return convertAll(ports, sales, tiers);
  };

  const run = async (): Promise<void> => {
    while (await convertOpen());
    for (const { conversionId: about, referrerId, wasPaid } of await store.reverse()) {
      ports.log.info({ conversionId: about, wasPaid }, 'a refund took a commission back');
      if (!wasPaid) continue;
      await remark(ports, { kind: 'refund_after_payment', about, referrerId, details: {} });
    }
  };

  return () => (last = last.catch(() => undefined).then(run));
}

/** Whether there may be more, or what was read is out of date. */
async function convertAll(ports: SettlePorts, sales: OpenSale[], tiers: Tier[]): Promise<boolean> {
  for (const sale of sales) {
    const converted = await convert(ports, sale, tiers);
    if (converted === 'changed') return true;
    if (converted !== undefined) countOne(sales, converted);
  }
  return sales.length >= MOST;
}

/** Answers the referrer who has one sale more now, if anybody has; `changed` when what was read is out of date. */
async function convert(
  ports: SettlePorts,
  sale: OpenSale,
  tiers: Tier[],
): Promise<string | undefined> {
  const { store, log } = ports;
  const decision = decide(sale, tiers);
  const { saleId, studentId } = sale;
  // First, because a sale that has been decided on is not looked at again.
  for (const each of decision.remarks) await remark(ports, each);
  if (decision.kind === 'close') {
    await store.close(saleId, decision.why);
    log.info({ saleId, studentId, why: decision.why }, 'a sale earns no commission');
    return undefined;
  }
  const { conversion, counted } = decision;
  const outcome = await store.convert(conversion, counted);
  if (outcome === 'changed') return 'changed';
  log.info({ saleId, studentId, outcome, status: conversion.status }, 'a sale of a referrer');
  const isCounted = outcome === 'created' && conversion.status === 'pending';
  return isCounted ? conversion.referrerId : undefined;
}

function countOne(sales: OpenSale[], referrerId: string): void {
  for (const { referrer } of sales.flatMap(({ leads }) => leads)) {
    if (referrer.referrerId === referrerId) referrer.sales += 1;
  }
}

const WORDS: Readonly<Record<Remark['kind'], string>> = {
  second_code: 'somebody came with a second code: the first one counts',
  referrer_inactive: 'a sale came with the code of a referrer who is not active: no commission',
  lead_too_late: 'somebody came with a code a day or more after they had bought: no commission',
  self_referral: 'a referrer has brought themself: the commission is held until a person decides',
  refund_after_payment: 'a sale was refunded whose commission had been paid',
};

/** Told once: in the table, the log and, where a person has to act, the admin groups. */
async function remark({ store, alerts, log }: SettlePorts, it: Remark): Promise<void> {
  const { kind, about, referrerId, details } = it;
  const isNew = await store.remark(it);
  log[isNew ? 'warn' : 'debug']({ kind, about, referrerId, ...details }, WORDS[kind]);
  if (kind !== 'self_referral' && kind !== 'refund_after_payment') return;
  const alert = {
    severity: 'warning' as const,
    what: `referrals_${kind}` as const,
    message: `${WORDS[kind]} (${about})`,
  };
  if (isNew) await alerts.report(alert, `${kind}:${about}`);
}
