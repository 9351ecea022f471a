/** What a group reads of a lead: all of it when it comes alone, two lines of each when several come together. */
import type { ClickIdName } from '@leadwire/shared/contract/attribution';
import { withoutLinks } from '@leadwire/shared/contacts/without-links';
import type { ContactIssue, Lead, LeadKind } from '@leadwire/shared/contract/events';
import { readAnswers } from '@leadwire/templates/answers';
import {
  LONGEST_MESSAGE,
  clean,
  cut,
  lengthOf,
  toHtml,
  type Line,
  type Piece,
  oneLine,
} from '../bot/html.ts';
import { dayAndClockIn } from '../russian-words.ts';
import type { Earlier } from './earlier-leads.ts';

/** Any field but the name: enough for real ones, so that the rest of the message has its place. */
const LONGEST_FIELD = 250;
const SHORT_NAME = 60;
const SHORT_FIELD = 80;
const MOST_ANSWERS = 8;
const LONGEST_ANSWER = 120;
/** Later than this the notice says when the lead was received. */
const LATE_MS = 10 * 60_000;
/** Telegram keeps 100 entities of a message (links, numbers, bold); a lead has up to six. */
export const MOST_LEADS = 16;

const KINDS: Record<LeadKind, string> = {
  proftest: 'Профтест',
  purchase: 'Покупка курса',
  request: 'Заявка',
};

const ISSUES: Record<ContactIssue, string> = {
  phone_missing: 'нет телефона',
  phone_invalid: 'телефон с ошибкой',
  phone_cut_by_mask: 'похоже, набрали с 8, последняя цифра потеряна',
  email_missing: 'нет почты',
  email_invalid: 'почта с ошибкой',
  email_typo_suspected: 'в почте, видимо, опечатка',
  name_missing: 'имя не указано',
  form_unknown: 'форма не заведена в Leadwire',
  key_conflict: 'ключ формы уже был использован',
};

/** The advertiser that a click id comes from. */
const CLICKS: Record<ClickIdName, string> = {
  fbclid: 'Facebook',
  fbp: 'Facebook',
  fbc: 'Facebook',
  gclid: 'Google',
  wbraid: 'Google',
  gbraid: 'Google',
  yclid: 'Яндекс',
  ttclid: 'TikTok',
};

/** A lead with what is known of it besides. */
export interface LeadNews {
  lead: Lead;
  /** Where its deal can be opened. */
  dealUrl: string | undefined;
  leadUrl: string | undefined;
  /** Leads of the same person before it, if they are known. */
  earlier?: Earlier | undefined;
}

/** When the message is written, for readers in this time zone. */
export interface Moment {
  now: Date;
  timeZone: string;
}

/** The last eight characters of the id: how people, and a repeated notice, are told which lead it is. */
export function shortNumber(leadId: string): string {
  return `#${leadId.slice(-8)}`;
}

/** One lead, as a whole message. */
export function leadMessage(news: LeadNews, { now, timeZone }: Moment): string {
  const { lead } = news;
  const [above, below] = [headLines(lead), detailLines(news, { now, timeZone })];
  const room = LONGEST_MESSAGE - lengthOf([...above, [], ...below]);
  const name: Line = [{ text: cut(typed(lead.name), room), isBold: true }];
  return toHtml([...above, name, ...below]);
}

/** Several leads in one message; all of them fit if `howManyFit` says so. */
export function gatheredMessage(all: readonly LeadNews[]): string {
  return toHtml(gatheredLines(all));
}

/** How many of these, from the first, go into one message: at least one. */
export function howManyFit(all: readonly LeadNews[]): number {
  let count = Math.min(all.length, MOST_LEADS);
  while (count > 1 && lengthOf(gatheredLines(all.slice(0, count))) > LONGEST_MESSAGE) count -= 1;
  return count;
}

function headLines({ kind, leadId }: Lead): Line[] {
  return [[{ text: `${KINDS[kind]} ${shortNumber(leadId)}` }]];
}

function detailLines({ lead, dealUrl, leadUrl, earlier }: LeadNews, moment: Moment): Line[] {
  const { now, timeZone } = moment;
  const field = (label: string, value: string | null | undefined): Line[] =>
    value ? [[{ text: `${label}: ${cut(value, LONGEST_FIELD)}` }]] : [];
  const isLate = now.getTime() - Date.parse(lead.receivedAt) > LATE_MS;
  const received = isLate ? dayAndClockIn(timeZone, new Date(lead.receivedAt)) : undefined;
  return [
    ...field('Повторная', earlier && earlierText(earlier, timeZone)),
    // In international form Telegram makes it a link that calls.
    ...field('Телефон', phoneText(lead)),
    ...field('Почта', emailText(lead)),
    ...field('Источник', lead.source),
    ...field('UTM', utmText(lead.utm)),
    ...field('Первый визит', firstText(lead)),
    ...field('Клик по рекламе', clickText(lead)),
    ...field('Оплата', typed(lead.paymentMethod ?? '')),
    ...field('Внимание', issueText(lead)),
    ...field('Получена', received),
    ...answerLines(lead),
    ...linkLines(dealUrl, leadUrl),
  ];
}

/** What somebody typed, without links: nobody shall be led anywhere from our groups. */
function typed(text: string): string {
  return withoutLinks(clean(text));
}

/** As it can be called; what is no number may be anything. */
function phoneText({ phone, contactIssues }: Lead): string {
  if (phone === null) return '';
  return contactIssues.includes('phone_invalid') ? typed(phone) : clean(phone);
}

/** Where mail cannot go there, a person may still read what was meant. */
function emailText({ email, metadata }: Lead): string {
  const { emailAsTyped } = metadata;
  const text = email ?? (typeof emailAsTyped === 'string' ? emailAsTyped : '');
  return /^[^\s@/]+@[^\s@/]+$/.test(clean(text)) ? clean(text) : typed(text);
}

function earlierText({ count, lastAt }: Earlier, timeZone: string): string {
  const last = dayAndClockIn(timeZone, lastAt);
  return count === 1 ? `была ${last}` : `уже ${count}, последняя ${last}`;
}

/** With our labels where we have them. */
function answerLines({ answers }: Lead): Line[] {
  const { result, answers: rows } = readAnswers(answers);
  const all = [
    ...(result === null ? [] : [{ question: 'Результат', answer: result }]),
    ...rows.slice(0, MOST_ANSWERS),
  ];
  return all.map(({ question, answer }) => [
    { text: cut(`${question}: ${answer}`, LONGEST_ANSWER) },
  ]);
}

function gatheredLines(all: readonly LeadNews[]): Line[] {
  const head: Line = [{ text: `Новых заявок: ${all.length}`, isBold: true }];
  return [head, ...all.flatMap((news) => [[], ...shortLines(news)])];
}

function shortLines({ lead, dealUrl, leadUrl, earlier }: LeadNews): Line[] {
  const short = (value: string | null | undefined) =>
    value ? [cut(oneLine(value), SHORT_FIELD)] : [];
  const facts = [
    ...(earlier ? ['повторная'] : []),
    ...short(phoneText(lead)),
    ...short(emailText(lead)),
    ...short(typed(lead.paymentMethod ?? '')),
    ...short(typed([lead.utm.source, lead.utm.campaign].filter(Boolean).join(' / '))),
    ...short(issueText(lead)),
  ];
  const name: Piece = { text: cut(oneLine(typed(lead.name)), SHORT_NAME), isBold: true };
  return [
    [{ text: `${KINDS[lead.kind]} ${shortNumber(lead.leadId)} ` }, name],
    [{ text: facts.join(' · ') }],
    ...linkLines(dealUrl, leadUrl),
  ];
}

function linkLines(dealUrl: string | undefined, leadUrl: string | undefined): Line[] {
  const links: Piece[] = [
    ...(dealUrl === undefined ? [] : [{ text: 'Сделка', href: dealUrl }]),
    ...(leadUrl === undefined ? [] : [{ text: 'Заявка', href: leadUrl }]),
  ];
  if (links.length === 0) return [];
  return [links.flatMap((link, index) => (index === 0 ? [link] : [{ text: ' · ' }, link]))];
}

function utmText(utm: Lead['utm']): string {
  const tags = [utm.source, utm.medium, utm.campaign, utm.content, utm.term];
  return typed(tags.filter(Boolean).join(' / '));
}

/** Where they came from at first, when that was somewhere else. */
function firstText({ utm, attribution }: Lead): string {
  const first = utmText(attribution?.first?.utm ?? {});
  return first === utmText(utm) ? '' : first;
}

function clickText({ attribution }: Lead): string {
  const names = Object.keys(attribution?.clickIds ?? {}) as ClickIdName[];
  return [...new Set(names.map((name) => CLICKS[name]))].join(', ');
}

function issueText({ contactIssues, emailSuggestion }: Lead): string {
  const words = contactIssues.map((issue) => ISSUES[issue]).join(', ');
  return emailSuggestion === undefined ? words : `${words} (${emailSuggestion}?)`;
}
