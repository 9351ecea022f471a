/** How sequences are said. */
import type { SequencePersonView } from '@leadwire/operations/campaigns/sequence-view';
import { wordsForReason } from '@leadwire/shared/delivery/reasons';
import type { SequenceTrigger } from '@leadwire/shared/contract/sequences';
import { formOf } from '@leadwire/shared/runtime/russian';

export const triggerWords: Readonly<Record<SequenceTrigger, string>> = {
  payment_form: 'Заполнили форму оплаты и не купили',
  test_taken: 'Прошли тест и ничего не купили',
  student_joined: 'Стали учениками и не прошли ни одного урока',
};

const STOPS: Readonly<Record<string, string>> = {
  bought: 'купили',
  studied: 'начали учиться',
  clicked: 'перешли по ссылке',
  unsubscribed: 'отписались',
  complained: 'пожаловались на спам',
  manual: 'закрыты вручную',
  excluded_standing: 'сотрудники и тестовые адреса',
  by_hand: 'остановил человек',
  off: 'цепочку выключили',
  too_old: 'прошёл срок хранения данных',
  erased: 'данные удалены',
};

/** Why people got no more of it. */
export const stopWords = (reason: string): string =>
  STOPS[reason] ?? wordsForReason(reason) ?? reason;

/** Of one person. */
const PERSON_STOPS: Readonly<Record<string, string>> = {
  bought: 'Купил(а)',
  studied: 'Учится',
  clicked: 'Перешёл(ла) по ссылке',
  unsubscribed: 'Отписан(а)',
  complained: 'Жалоба на спам',
  manual: 'Закрыт(а) вручную',
  by_hand: 'Остановлено человеком',
  off: 'Цепочку выключили',
  too_old: 'Прошёл срок хранения данных',
  erased: 'Данные удалены',
};

export function personState({ state, reason }: SequencePersonView): string {
  if (state === 'waiting') return 'Ждёт';
  if (state === 'done') return 'Прошёл(ла) всю';
  return PERSON_STOPS[reason ?? ''] ?? stopWords(reason ?? '');
}

const UNITS: Readonly<Record<string, [string, string, string]>> = {
  s: ['секунду', 'секунды', 'секунд'],
  m: ['минуту', 'минуты', 'минут'],
  h: ['час', 'часа', 'часов'],
  d: ['день', 'дня', 'дней'],
};

/** `3 дня`, of `3d`. */
export const delayWords = (after: string): string => afterWords(after).replace(/^через /, '');

/** `3d`, of «3 дня», «3 дн.» or «3 д»; what is no such time stays as it was typed. */
export function afterFromWords(typed: string): string {
  const [, count, word = ''] = /^(\d+)\s*(сек|мин|ч|дн|ден|д)\p{L}*\.?$/iu.exec(typed.trim()) ?? [];
  if (count === undefined) return typed;
  const unit = { с: 's', м: 'm', ч: 'h', д: 'd' }[word.slice(0, 1).toLowerCase()] ?? '';
  return `${count}${unit}`;
}

/** `через 3 дня`, of `3d`. */
export function afterWords(after: string): string {
  const [, count = '', unit = ''] = /^(\d+)\s*([smhd])$/.exec(after) ?? [];
  const forms = UNITS[unit];
  return forms ? `через ${count} ${formOf(Number(count), forms)}` : after;
}

const REFUSALS: readonly (readonly [RegExp, string])[] = [
  [
    /somebody has changed the sequence/,
    'Цепочку только что изменил кто-то другой, и ваша правка не сохранена. Ниже то, что есть сейчас.',
  ],
  [/the sequence is on/, 'Цепочка включена. Чтобы изменить её, сначала выключите.'],
  [/name is taken/, 'Цепочка с таким названием уже есть.'],
  [/SMS are switched off/, 'SMS выключены в настройках сервера.'],
  [/step (\d+): there is no template/, 'Шаг $1: такого текста нет.'],
  [
    /step (\d+): the template has no text/,
    'Шаг $1: в этом тексте нет того, что нужно: письма или SMS.',
  ],
  [
    /step (\d+): the variables/,
    'Шаг $1: в тексте есть поля, которые некому заполнить. Подойдёт текст, где из полей только имя.',
  ],
  [
    /step (\d+): the text cannot be sent/,
    'Шаг $1: текст ещё нельзя отправлять. Откройте его и исправьте то, на что он указывает.',
  ],
  [/this is no contact/, 'Это не похоже на адрес почты или телефон.'],
  [/does not answer|ADMIN_TOKEN/, 'Служба рассылок не отвечает или не подключена.'],
];

/** mailer-batch's refusal in words for whoever pressed the button. */
export function sequenceRefusal(message: string): string {
  const [first = ''] = message.split('\n');
  const known = REFUSALS.find(([pattern]) => pattern.test(first));
  if (!known) return `Не получилось: ${first}`;
  return known[1].replace('$1', known[0].exec(first)?.[1] ?? '');
}
