/** How commissions are said: where one stands, and what a person should know of a case. */
import type { CommissionRow } from '@leadwire/operations/referrals/referrals';
import type { Status } from './status.ts';
import { amount } from './time.ts';

export const SALES: [string, string, string] = ['продажа', 'продажи', 'продаж'];
export const COMMISSIONS: [string, string, string] = ['комиссия', 'комиссии', 'комиссий'];
/** «одобрить 1 комиссию» */
export const THESE_COMMISSIONS: [string, string, string] = ['комиссию', 'комиссии', 'комиссий'];

const STATUSES: Readonly<Record<CommissionRow['status'], Status>> = {
  held: { tone: 'hold', icon: 'hand', word: 'На проверке' },
  pending: { tone: 'wait', icon: 'clock-3', word: 'Ждёт одобрения' },
  approved: { tone: 'wait', icon: 'check', word: 'К выплате' },
  paid: { tone: 'good', icon: 'circle-check', word: 'Выплачена' },
  reversed: { tone: 'mute', icon: 'undo-2', word: 'Возврат' },
};
const REASONS: Readonly<Record<string, string>> = {
  self_referral: 'партнёр и покупатель, похоже, один человек',
};

export function commissionStatus({ status, reason }: CommissionRow): Status {
  const why = reason === null ? undefined : (REASONS[reason] ?? reason);
  return why === undefined ? STATUSES[status] : { ...STATUSES[status], why };
}

const REMARKS: Readonly<Record<string, string>> = {
  second_code: 'Покупатель приходил и по коду другого партнёра: засчитан первый',
  referrer_inactive: 'Продажа по коду, который был выключен: комиссии нет',
  lead_too_late: 'Заявка с кодом пришла позже продажи: комиссии нет',
  self_referral: 'Партнёр и покупатель, похоже, один человек: решите сами',
  refund_after_payment: 'Возврат денег после того, как комиссия была выплачена',
};
export const remarkWords = (kind: string) => REMARKS[kind] ?? kind;

/** «45 000 ₸» */
export const tenge = (sum: number) => `${amount(Math.round(sum * 100) / 100)}\u00a0₸`;
