/** What can be done with a lead's messages: each is asked first, with what will happen, and told after. */
import { formOf } from '@leadwire/shared/runtime/russian';
import { seesContacts, type Person } from '../data/person.ts';
import type { Delivery, Lead } from '../data/leads.ts';
import { html, type Content } from '../html.ts';
import { counted } from '../words/time.ts';
import { askForm } from './ask.ts';
import { icon, notice } from './parts.ts';

export const leadActs = [
  'release',
  'cancel',
  'retry',
  'retry-unknown',
  'resend-email',
  'resend-sms',
] as const;
export type LeadAct = (typeof leadActs)[number];

/** Forms for numbers of messages. */
export const MESSAGES: [string, string, string] = ['сообщение', 'сообщения', 'сообщений'];

const own = (deliveries: readonly Delivery[]) =>
  deliveries.filter(({ channel, campaign_id }) => channel !== 'telegram' && campaign_id === null);

/** How many messages an action is about, by what the database knows. */
export function countFor(act: LeadAct, lead: Lead, deliveries: readonly Delivery[]): number {
  const with_ = (status: string, channel?: string) =>
    own(deliveries).filter(
      (each) => each.status === status && (channel === undefined || each.channel === channel),
    ).length;
  switch (act) {
    case 'release':
      return lead.quarantined ? 1 : 0;
    case 'cancel':
      return with_('pending');
    case 'retry':
      return with_('failed');
    case 'retry-unknown':
      return with_('unknown');
    case 'resend-email':
      return with_('sent', 'email');
    case 'resend-sms':
      return with_('sent', 'sms');
  }
}

const BUTTONS: Readonly<Record<LeadAct, string>> = {
  release: 'Пропустить заявку',
  cancel: 'Отменить, что не ушло',
  retry: 'Отправить, что не ушло',
  'retry-unknown': 'Отправить неизвестное ещё раз',
  'resend-email': 'Отправить письмо ещё раз',
  'resend-sms': 'Отправить SMS ещё раз',
};

/** The buttons of the card «Действия»; none for whoever may not. */
export function actButtons(person: Person, lead: Lead, deliveries: readonly Delivery[]): Content {
  if (!seesContacts(person)) return undefined;
  const able = leadActs.filter((act) => countFor(act, lead, deliveries) > 0);
  if (able.length === 0) return undefined;
  return able.map(
    (act) =>
      html`<a class="btn btn-wide" href="/leads/${lead.id}?ask=${act}#ask"
        >${icon('rotate-cw', 'icon-s')} ${BUTTONS[act]}</a
      >`,
  );
}

const numberOf = (lead: Lead) => lead.id.slice(-6).toUpperCase();

/** What has to be typed before somebody gets what they have already. */
export const isConfirmed = (lead: Lead, text: string | null) =>
  (text ?? '').trim().toUpperCase() === numberOf(lead);

export function askAbout(act: LeadAct, lead: Lead, deliveries: readonly Delivery[]): Content {
  const count = countFor(act, lead, deliveries);
  const back = `/leads/${lead.id}`;
  const action = `/leads/${lead.id}/${act}`;
  if (count === 0) return notice('Отправлять нечего: всё уже ушло или отменено.', false);
  const messages = counted(count, MESSAGES);
  const willGo = `${counted(count, MESSAGES)} ${formOf(count, ['уйдёт', 'уйдут', 'уйдут'])} сейчас`;
  if (act === 'release') {
    return askForm({
      action,
      back,
      question: 'Пропустить эту заявку?',
      will: ['Уйдут письмо и SMS, создастся сделка, узнают группы в Telegram'],
      button: 'Пропустить заявку',
    });
  }
  if (act === 'cancel') {
    return askForm({
      action,
      back,
      question: `Отменить ${messages}?`,
      will: ['Человек их не получит'],
      willNot: ['Заявка и сделка останутся', 'То, что уже отправляется, вернуть нельзя'],
      button: `Отменить ${messages}`,
    });
  }
  if (act === 'retry') {
    return askForm({
      action,
      back,
      question: `Отправить ${messages}?`,
      will: [willGo],
      willNot: ['То, что уже отправлено, не повторится'],
      button: `Отправить ${messages}`,
    });
  }
  if (act === 'retry-unknown') {
    return askForm({
      action,
      back,
      question: `Отправить ${messages}, хотя ${formOf(count, ['оно могло', 'они могли', 'они могли'])} уже прийти?`,
      will: [willGo, 'Если первое дошло, человек получит его дважды'],
      button: `Отправить ${messages}`,
    });
  }
  return askForm({
    action,
    back,
    question: `У человека это уже есть. Отправить ещё раз?`,
    will: [`${messages} ${formOf(count, ['придёт', 'придут', 'придут'])} второй раз`],
    willNot: ['О повторе узнают администраторы в Telegram'],
    typed: { label: `Напишите номер заявки, ${numberOf(lead)}`, name: 'sure' },
    button: `Отправить ещё раз`,
  });
}

/** What became of an action, by the word in the address after it. */
export function toldOf(done: string | undefined): Content {
  if (done === undefined) return undefined;
  const count = Number(done);
  if (done === 'busy') return notice('Кто-то уже делает это. Обновите страницу.', false);
  if (done === 'gone')
    return notice('Собрать сообщение заново нельзя: заявка или ссылка больше не хранится.', false);
  if (done === 'number') return notice('Номер не совпал. Ничего не отправлено.', false);
  if (done === 'released')
    return notice('Заявка пропущена: письмо, SMS и сделка уже в пути.', true);
  if (done.startsWith('cancelled'))
    return notice(`Отменено: ${counted(Number(done.slice(9)), MESSAGES)}.`, true);
  if (!Number.isInteger(count)) return undefined;
  if (count === 0) return notice('Отправлять было нечего: кто-то уже сделал это.', false);
  return notice(`Поставлено в отправку: ${counted(count, MESSAGES)}.`, true);
}
