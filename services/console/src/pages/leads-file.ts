/** The list of leads as a file for spreadsheets: what the page shows, in the same words. */
import { spreadsheet } from '@leadwire/operations/spreadsheet/spreadsheet';
import type { LeadRow } from '../data/leads.ts';
import { kindWords, paymentWords, sourceWords } from '../words/reasons.ts';
import { dealStatus, type Status } from '../words/status.ts';
import { fullMoment, type Clock } from '../words/time.ts';
import { mailStatusOf, smsStatusOf } from './leads-page.ts';

const CONTACTS = ['Имя', 'Телефон', 'Почта'];
const HEAD = [
  'Откуда',
  'Кампания',
  'Объявление',
  'Форма',
  'Страница',
  'Оплата',
  'Письмо',
  'SMS',
  'Сделка',
  '№ сделки',
  'Менеджер',
  'Взята в работу',
  'Номер заявки',
];

/** Contacts are columns for whoever sees them. */
export function leadsFile(rows: readonly LeadRow[], hasContacts: boolean, clock: Clock): string {
  const head = ['Время', ...(hasContacts ? CONTACTS : []), ...HEAD];
  const lines = rows.map((row) => [
    row.created_at === null ? '' : fullMoment(row.created_at, clock),
    ...(hasContacts ? [row.name ?? '', row.phone ?? '', row.email ?? ''] : []),
    sourceWords(row.utm_source),
    row.utm_campaign ?? '',
    row.utm_content ?? '',
    kindWords(row.kind),
    row.campaign ?? '',
    row.payment_method === null ? '' : paymentWords(row.payment_method),
    said(mailStatusOf(row, clock)),
    said(smsStatusOf(row, clock)),
    said(dealStatus(row)),
    row.amocrm_deal_id === null ? '' : String(row.amocrm_deal_id),
    row.manager ?? '',
    row.taken_at === null ? '' : fullMoment(row.taken_at, clock),
    row.id,
  ]);
  return spreadsheet([head, ...lines]);
}

const said = ({ word, why }: Status) => (why === undefined ? word : `${word}: ${why}`);
