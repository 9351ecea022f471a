/** What a manager reads: a deal's name, tags, fields and note. */
import type { Lead, LeadKind } from '@leadwire/shared/contract/events';
import type { Student } from '@leadwire/shared/contract/student-facts';
import { labelQuestion, readAnswers } from '@leadwire/templates/answers';
import type { FieldValues } from './amocrm-records.ts';

/** Their text fields take 256 characters. */
const LONGEST_FIELD = 256;
const LONGEST_NAME = 200;
/** Enough for any test; a note is read on a screen. */
const LONGEST_NOTE = 8_000;

const KIND_NAMES: Record<LeadKind, string> = {
  proftest: 'Профтест',
  purchase: 'Покупка курса',
  request: 'Заявка',
};

/** AmoCRM's own tracking fields; every account has them under these codes. */
const UTM_FIELDS = {
  source: 'UTM_SOURCE',
  medium: 'UTM_MEDIUM',
  campaign: 'UTM_CAMPAIGN',
  content: 'UTM_CONTENT',
  term: 'UTM_TERM',
} as const;

/**
 * The short number of a lead, at the end of its deal's name: the last 12 digits of its id. It is what
 * finds the deal when no field for the whole id is configured.
 */
export function referenceOf(id: string): string {
  return `#${id.slice(-12)}`;
}

/** `Профтест: Айгерим #7b0f4e8a1c37` */
export function leadDealName({ kind, name, leadId }: Lead): string {
  return dealName(KIND_NAMES[kind], name, leadId);
}

export function studentDealName({ name }: Student, id: string): string {
  return dealName('Студент', name, id);
}

function dealName(what: string, name: string, id: string): string {
  return `${what}: ${name.slice(0, LONGEST_NAME)} ${referenceOf(id)}`;
}

/** Attribution, in the fields that AmoCRM's own reports read. */
export function utmFields({ utm }: Lead): FieldValues[] {
  return Object.entries(UTM_FIELDS).flatMap(([key, field_code]) => {
    const value = utm[key as keyof typeof UTM_FIELDS]?.trim().slice(0, LONGEST_FIELD);
    return value ? [{ field_code, values: [{ value }] }] : [];
  });
}

export function leadTags({ source, campaign, paymentMethod }: Lead): string[] {
  return [
    ...new Set([source, campaign, paymentMethod].filter((tag) => tag !== null && tag !== '')),
  ].map((tag) => String(tag).slice(0, LONGEST_FIELD));
}

/** The sentence at the end of a note that tells whose it is: how a repeat recognises it. */
export function noteMark(id: string): string {
  return `Leadwire ${id}`;
}

/** What is told of the lead beside the deal; undefined when there is nothing to tell. */
export function leadNote(lead: Lead, told: { isUnknownPayment: boolean }): string | undefined {
  const lines = [
    ...answerLines(lead),
    ...(told.isUnknownPayment
      ? [`Неизвестный способ оплаты: «${lead.paymentMethod}». Этап выбран по умолчанию.`]
      : []),
    ...contactLines(lead),
  ];
  if (lines.length === 0) return undefined;
  const text = [`${KIND_NAMES[lead.kind]} (${lead.source})`, ...lines].join('\n');
  return `${text.slice(0, LONGEST_NOTE)}\n\n${noteMark(lead.leadId)}`;
}

function answerLines({ answers }: Lead): string[] {
  const { result, answers: rows, hasMoreAnswers } = readAnswers(answers);
  return [
    ...(result === null ? [] : [`Итог теста: ${result}`]),
    ...rows.map(({ question, answer }) => `${labelQuestion(question)}: ${answer}`),
    ...(hasMoreAnswers ? ['Остальные ответы: в базе лидов.'] : []),
  ];
}

function contactLines({ contactIssues, phone, email, emailSuggestion, metadata }: Lead): string[] {
  const { emailAsTyped, phoneAsTyped } = metadata;
  const isCut = contactIssues.includes('phone_cut_by_mask');
  const typed = (what: string, value: unknown) =>
    typeof value === 'string' ? [`${what}: ${value}`] : [];
  return [
    ...(contactIssues.includes('phone_invalid') ? [`Телефон записан так: ${phone}`] : []),
    ...(isCut ? ['Похоже, набрали с 8: последняя цифра потеряна.'] : []),
    ...typed('В поле телефона было', phoneAsTyped),
    ...(email === null ? typed('Почта записана так', emailAsTyped) : []),
    ...(emailSuggestion === undefined ? [] : [`Возможно, почта: ${emailSuggestion}`]),
  ];
}
