/** The note of a lead: what a manager reads of it, whether its deal is new or was there already. */
import type { Lead } from '@leadwire/shared/contract/events';
import type { Touch } from '@leadwire/shared/contract/attribution';
import { readAnswers } from '@leadwire/templates/answers';
import { toShownText } from '@leadwire/templates/user-text';
import { KIND_NAMES, shownName } from './deal-text.ts';
import type { FoundBy, Known } from './known.ts';

/** Enough for any test; a note is read on a screen. */
const LONGEST_NOTE = 8_000;
const LONGEST_VALUE = 250;

const FOUND_BY: Record<FoundBy, string> = {
  phone: 'совпал телефон',
  email: 'совпала только почта',
  both: 'совпали телефон и почта',
  memory: 'с этими контактами заявка уже приходила',
};
const STAYS: Record<NonNullable<Known['stays']>, string> = {
  unsorted: 'Сделка в «Неразобранном»: там и оставлена, разберите её сами.',
  unproven: 'Этап не изменён: телефон в заявке не тот, что в карточке.',
  refused: 'Этап не изменён: AmoCRM не принял перенос, перенесите сделку сами.',
};

/** The sentence at the end of a note that tells whose it is: how a repeat recognises it. */
export function noteMark(id: string): string {
  return `Leadwire ${id}`;
}

/** Everything that was typed stands here without links. `known`: AmoCRM has had the person before. */
export function leadNote(
  lead: Lead,
  { isUnknownPayment, known }: { isUnknownPayment: boolean; known: Known | undefined },
): string {
  const lines = [
    `${KIND_NAMES[lead.kind]} (${shown(lead.source)})`,
    ...knownLines(known),
    `Имя: ${shownName(lead.name)}`,
    ...contactLines(lead),
    ...paymentLines(lead, isUnknownPayment),
    ...journeyLines(lead),
    ...answerLines(lead),
  ];
  return `${lines.join('\n').slice(0, LONGEST_NOTE)}\n\n${noteMark(lead.leadId)}`;
}

function knownLines(known: Known | undefined): string[] {
  if (known === undefined) return [];
  const { foundBy, stays, differs } = known;
  return [
    `Повторно: в AmoCRM этот контакт уже был, ${FOUND_BY[foundBy]}.`,
    ...(differs ? ['Контакты в карточке другие; карточка не изменена.'] : []),
    ...(stays === undefined ? [] : [STAYS[stays]]),
  ];
}

function contactLines({ contactIssues, phone, email, emailSuggestion, metadata }: Lead): string[] {
  const { emailAsTyped, phoneAsTyped } = metadata;
  const isInvalid = contactIssues.includes('phone_invalid');
  return [
    ...line(isInvalid ? 'Телефон записан так' : 'Телефон', phone),
    ...(contactIssues.includes('phone_cut_by_mask')
      ? ['Похоже, набрали с 8: последняя цифра потеряна.']
      : []),
    ...line('В поле телефона было', phoneAsTyped),
    ...(email === null ? [] : [`Почта: ${email}`]),
    ...line('В поле почты было', emailAsTyped),
    ...(emailSuggestion === undefined ? [] : [`Возможно, почта: ${emailSuggestion}`]),
  ];
}

function paymentLines({ paymentMethod }: Lead, isUnknown: boolean): string[] {
  if (paymentMethod === null) return [];
  if (!isUnknown) return line('Оплата', paymentMethod);
  return [`Неизвестный способ оплаты: «${shown(paymentMethod)}». Этап выбран по умолчанию.`];
}

/** Where the person came from: the click that counts, its ids, and the touches around it that were others. */
function journeyLines({ utm, attribution }: Lead): string[] {
  const { clickIds = {}, first, last } = attribution ?? {};
  const counted = utmText({ utm });
  const touch = (label: string, one: Touch | undefined) => {
    const text = one ? utmText(one) : '';
    return text === counted ? [] : line(label, text);
  };
  const ids = Object.entries(clickIds).map(([name, id]) => `${name} ${id}`);
  return [
    ...line('UTM', counted),
    ...touch('Первое касание', first),
    ...touch('Последнее касание', last),
    ...ids.flatMap((id) => line('Клик', id)),
  ];
}

function utmText({ utm }: Pick<Touch, 'utm'>): string {
  const tags = [utm.source, utm.medium, utm.campaign, utm.content, utm.term];
  return tags.filter(Boolean).join(' / ');
}

function answerLines({ answers }: Lead): string[] {
  const { result, answers: rows, hasMoreAnswers } = readAnswers(answers);
  return [
    ...(result === null ? [] : [`Итог теста: ${result}`]),
    ...rows.map(({ question, answer }) => `${question}: ${answer}`),
    ...(hasMoreAnswers ? ['Остальные ответы: в базе лидов.'] : []),
  ];
}

function line(label: string, value: unknown): string[] {
  const text = typeof value === 'string' ? shown(value) : '';
  return text === '' ? [] : [`${label}: ${text}`];
}

function shown(text: string): string {
  return toShownText(text, LONGEST_VALUE);
}
