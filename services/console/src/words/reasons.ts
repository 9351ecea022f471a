/**
 * Why something was not sent, in words for a manager: our own tokens by the words that all texts use, and what
 * providers say by its gist.
 */
import { wordsForReason } from '@leadwire/shared/delivery/reasons';

/** What providers say, by the part of it that tells. */
const SAID: readonly (readonly [RegExp, string])[] = [
  [/not enough|balance|недостаточно|no money/i, 'нет денег на счёте'],
  [/mailbox|user unknown|no such user|does not exist|550/i, 'такого ящика нет'],
  [/quota|rate|too many|429/i, 'сервис просит отправлять реже'],
  [/timeout|timed out|no answer|ECONN/i, 'сервис не ответил'],
  [/domain|sender|from/i, 'сервис не принимает отправителя'],
  [/invalid|validation|422|400/i, 'сервис не принял адрес или номер'],
];

/** Tokens that say only that it did not work out: what the provider said is worth more. */
const VAGUE = ['attempts_spent', 'rejected', 'refused_by_provider'];

/** Why, by our token and by what the provider said. */
export function causeWords(
  reason: string | null | undefined,
  error: string | null | undefined,
): string | undefined {
  const said = error && SAID.find(([pattern]) => pattern.test(error))?.[1];
  const isVague = !reason || VAGUE.includes(reason);
  return (isVague && said) || reasonWords(reason ?? error);
}

/** The words for a token or for what a provider said; undefined for nothing. */
export function reasonWords(reason: string | null | undefined): string | undefined {
  if (!reason) return undefined;
  const known = wordsForReason(reason);
  if (known !== undefined) return known;
  return SAID.find(([pattern]) => pattern.test(reason))?.[1] ?? 'сервис отправки отказал';
}

/** What may be done about a cause in these words; undefined where nothing has to be. */
export const remedyFor = (cause: string | undefined) =>
  cause === undefined ? undefined : REMEDIES[cause];

const REMEDIES: Readonly<Record<string, string>> = {
  'телефон с ошибкой': 'Спросите номер по почте или найдите человека в AmoCRM.',
  'почта с ошибкой': 'Позвоните и уточните адрес.',
  'нет денег на счёте': 'Пополните счёт Mobizon, и SMS уйдут сами.',
  'такого ящика нет': 'Позвоните и уточните адрес.',
  'сервис отправки не ответил': 'Неизвестно, дошло ли. Спросите человека или отправьте ещё раз.',
  'не удалось отправить после нескольких попыток': 'Отправьте ещё раз, когда сервис заработает.',
  'оператор отказал': 'Проверьте номер: он может быть выключен или записан с ошибкой.',
};

const ISSUES: Readonly<Record<string, string>> = {
  phone_missing: 'нет телефона',
  phone_invalid: 'номер похож на ошибку',
  email_missing: 'нет почты',
  email_invalid: 'почта записана с ошибкой',
  email_typo_suspected: 'похоже на опечатку',
  name_missing: 'имени нет',
  form_unknown: 'пришла с неизвестной формы',
  phone_cut_by_mask: 'похоже, набрали с 8: номер неполный',
  key_conflict: 'ключ формы уже был использован',
};
export const issueWords = (issue: string) => ISSUES[issue] ?? issue;

const KINDS: Readonly<Record<string, string>> = {
  proftest: 'Профтест',
  purchase: 'Покупка',
  request: 'Заявка на звонок',
};
export const kindWords = (kind: string | null) => KINDS[kind ?? ''] ?? 'Заявка';

const SOURCES: Readonly<Record<string, string>> = {
  instagram: 'Instagram',
  facebook: 'Facebook',
  google: 'Google',
  tiktok: 'TikTok',
  yandex: 'Яндекс',
  telegram: 'Telegram',
  youtube: 'YouTube',
  whatsapp: 'WhatsApp',
  referral: 'Рекомендация',
};
/** A source as people call it; tags are written in any case. */
export const sourceWords = (source: string | null) =>
  source ? (SOURCES[source.toLowerCase()] ?? source) : 'Без меток';

const PAYMENTS: Readonly<Record<string, string>> = {
  kaspi: 'Kaspi',
  halyk: 'Halyk',
  robokassa: 'Robokassa',
};
export const paymentWords = (method: string) => PAYMENTS[method.toLowerCase()] ?? method;
