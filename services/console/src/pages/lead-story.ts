/** What happened to a lead, in order: facts of the database as steps that a person reads. */
import type { Delivery, Lead } from '../data/leads.ts';
import { html, type Content } from '../html.ts';
import {
  causeWords,
  issueWords,
  kindWords,
  reasonWords,
  remedyFor,
  sourceWords,
} from '../words/reasons.ts';
import { exactTime, moment, type Clock } from '../words/time.ts';
import { typed } from './parts.ts';

export interface Step {
  at: string;
  /** Steps of one moment keep this order. */
  rank: number;
  tone: 'start' | 'good' | 'wait' | 'warn' | 'bad' | 'hold' | 'mute';
  icon: string;
  title: Content;
  text?: Content;
  /** What to do about it; shown apart. */
  remedy?: string | undefined;
  /** Names and values for whoever has to know exactly. */
  details?: readonly (readonly [string, Content])[];
  isNext?: boolean;
}

export interface Story {
  lead: Lead;
  deliveries: readonly Delivery[];
  groups: ReadonlyMap<string, string>;
  clock: Clock;
}

const WORDS = { email: 'Письмо', sms: 'SMS' } as const;

export function storyOf(story: Story): Step[] {
  const { lead, deliveries, clock } = story;
  const steps = [
    receivedStep(lead, clock),
    ...deliveries.flatMap((delivery) =>
      delivery.channel === 'telegram'
        ? noticeSteps(delivery, story)
        : messageSteps(delivery, story),
    ),
    ...dealSteps(lead),
    ...takenSteps(lead),
  ];
  return steps.sort((a, b) => (a.at === b.at ? a.rank - b.rank : a.at < b.at ? -1 : 1));
}

function receivedStep(lead: Lead, clock: Clock): Step {
  const at = lead.created_at ?? '';
  const issues = lead.contact_issues.map(issueWords);
  const tags: [string, string | null][] = [
    ['Страница', lead.campaign],
    ['utm_source', lead.utm_source],
    ['utm_medium', lead.utm_medium],
    ['utm_campaign', lead.utm_campaign],
    ['utm_content', lead.utm_content],
    ['utm_term', lead.utm_term],
  ];
  const details = [
    ...tags.flatMap(([name, value]) => (value ? [[name, typed(value, 300)] as const] : [])),
    ['Время', exactTime(at, clock)] as const,
    ['Номер', html`<code>${lead.id}</code>`] as const,
  ];
  const text = html`${kindWords(lead.kind)},
  ${typed(sourceWords(lead.utm_source), 60)}${lead.utm_content && html` «${typed(lead.utm_content, 60)}»`}${issues.length > 0 && html`. ${issues.join(', ')}`}`;
  if (!lead.quarantined) {
    return { at, rank: 0, tone: 'start', icon: 'inbox', title: 'Заявка получена', text, details };
  }
  return {
    at,
    rank: 0,
    details,
    tone: 'hold',
    icon: 'shield-alert',
    title: 'Заявка в карантине: похоже на бота',
    text: html`${text}. Ей ничего не отправлено.`,
  };
}

function messageSteps(delivery: Delivery, { clock }: Story): Step[] {
  const word = WORDS[delivery.channel === 'sms' ? 'sms' : 'email'];
  const name = delivery.campaign_id ? `${word} из рассылки` : word;
  const isMail = word === 'Письмо';
  const ending = (mail: string, sms: string) => (isMail ? mail : sms);
  const why = causeWords(delivery.reason, delivery.error);
  const technical = technicalOf(delivery, clock);
  const step = (at: string | null, rest: Omit<Step, 'at'>): Step[] => (at ? [{ at, ...rest }] : []);
  return [
    ...plannedSteps(delivery, name, clock),
    ...step(delivery.status === 'skipped' ? delivery.skipped_at : null, {
      rank: 3,
      tone: 'mute',
      icon: 'circle-minus',
      title: `${name} пропущено${why ? `: ${why}` : ''}`,
      remedy: remedyFor(why),
    }),
    ...step(delivery.sent_at, {
      rank: 4,
      tone: 'good',
      icon: 'check',
      title: `${name} отправлено`,
      text: attemptsWords(delivery.attempts, isMail),
      details: technical,
    }),
    ...step(delivery.delivered_at, {
      rank: 5,
      tone: 'good',
      icon: 'check-check',
      title: `${name} доставлено`,
    }),
    ...step(delivery.opened_at, {
      rank: 6,
      tone: 'good',
      icon: 'mail-open',
      title: `${name} открыли`,
    }),
    ...step(delivery.clicked_at, {
      rank: 7,
      tone: 'good',
      icon: 'mouse-pointer-click',
      title: `Переход по ссылке ${ending('из письма', 'из SMS')}`,
    }),
    ...step(delivery.bounced_at, {
      rank: 8,
      tone: 'bad',
      icon: 'undo-2',
      title: `${name} ${ending('вернулось', 'не доставлено')}${delivery.bounce_reason ? `: ${reasonWords(delivery.bounce_reason)}` : ''}`,
      remedy: remedyFor(reasonWords(delivery.bounce_reason)) ?? 'Позвоните и уточните контакт.',
      details: technical,
    }),
    ...step(delivery.complained_at, {
      rank: 9,
      tone: 'warn',
      icon: 'octagon-alert',
      title: 'Письмо отметили как спам',
      text: 'Рассылки этому человеку больше не уйдут.',
    }),
    ...step(delivery.status === 'failed' ? (delivery.failed_at ?? delivery.updated_at) : null, {
      rank: 8,
      tone: 'bad',
      icon: 'octagon-x',
      title: `${name} не ушло${why ? `: ${why}` : ''}`,
      remedy: remedyFor(why) ?? 'Отправьте ещё раз или свяжитесь сами.',
      details: technical,
    }),
    ...step(delivery.status === 'unknown' ? delivery.updated_at : null, {
      rank: 8,
      tone: 'warn',
      icon: 'unknown',
      title: `Неизвестно, ушло ли ${isMail ? 'письмо' : 'SMS'}`,
      text: why && `Причина: ${why}.`,
      remedy:
        'Сервис отправки не может сказать. Спросите человека; если не получил, отправьте ещё раз.',
      details: technical,
    }),
  ];
}

/** What is still to come; a message that ended is told by its end alone. */
function plannedSteps(
  { status, scheduled_for: due }: Delivery,
  name: string,
  clock: Clock,
): Step[] {
  if (status === 'held') {
    return [
      {
        at: due ?? '9',
        rank: 2,
        tone: 'hold',
        icon: 'hand',
        title: `${name} придержано`,
        isNext: true,
      },
    ];
  }
  if (status !== 'pending' || due === null) return [];
  const isLate = Date.parse(due) < clock.now().getTime();
  return [
    {
      at: due,
      rank: 2,
      tone: 'wait',
      icon: isLate ? 'hourglass' : 'clock-3',
      title: isLate ? `${name} ждёт отправки` : `${name} уйдёт ${moment(due, clock)}`,
      isNext: true,
      ...(isLate && {
        text: 'Должно было уйти: сервис отправки занят или не отвечает. Уйдёт само.',
      }),
    },
  ];
}

const ORDINALS = ['первой', 'второй', 'третьей', 'четвёртой', 'пятой'];

function attemptsWords(attempts: number | null, isMail: boolean): string | undefined {
  const word = ORDINALS[(attempts ?? 0) - 1];
  if (!attempts || attempts < 1) return undefined;
  return `${isMail ? 'Почта приняла' : 'Mobizon принял'} ${word ? `с${word === 'второй' ? 'о' : ''} ${word} попытки` : `с ${attempts}-й попытки`}`;
}

function technicalOf(delivery: Delivery, clock: Clock): readonly (readonly [string, Content])[] {
  const { template, provider_id: id, error, reason, attempts, sent_at: sentAt } = delivery;
  const rows: (readonly [string, Content] | false)[] = [
    sentAt !== null && ['Время', exactTime(sentAt, clock)],
    template !== null && ['Текст', html`<code>${template}</code>`],
    attempts !== null && attempts > 0 && ['Попыток', attempts],
    id !== null && ['Номер у сервиса', html`<code>${typed(id, 80)}</code>`],
    reason !== null && ['Причина', html`<code>${typed(reason, 80)}</code>`],
    error !== null && ['Ответ сервиса', typed(error, 600)],
  ];
  return rows.filter((row) => row !== false);
}

function noticeSteps(delivery: Delivery, { groups }: Story): Step[] {
  const title = groups.get(delivery.template ?? '');
  const group = title === undefined ? 'в группе Telegram' : html`в группе «${typed(title, 60)}»`;
  const at =
    delivery.sent_at ?? delivery.failed_at ?? delivery.skipped_at ?? delivery.scheduled_for;
  if (at === null) return [];
  if (delivery.status === 'sent') {
    return [{ at, rank: 1, tone: 'good', icon: 'telegram', title: html`Сообщение ${group}` }];
  }
  if (delivery.status === 'pending') {
    return [{ at, rank: 1, tone: 'wait', icon: 'clock-3', title: html`Сообщение ${group} ждёт` }];
  }
  const why = reasonWords(delivery.reason ?? delivery.error);
  const tone = delivery.status === 'skipped' ? 'mute' : 'bad';
  return [
    {
      at,
      rank: 1,
      tone,
      icon: 'telegram',
      title: html`Сообщения ${group} нет${why && `: ${why}`}`,
    },
  ];
}

function takenSteps({ manager, taken_at: at }: Lead): Step[] {
  if (manager === null || at === null) return [];
  const text = typed(manager, 60);
  return [{ at, rank: 2, tone: 'good', icon: 'hand', title: 'Взята в работу', text }];
}

function dealSteps(lead: Lead): Step[] {
  const { amocrm_synced_at: syncedAt, amocrm_error: error, amocrm_stage: stage } = lead;
  const steps: Step[] = [];
  if (syncedAt !== null) {
    const text = stage === null ? undefined : html`Сейчас на этапе «${typed(stage, 60)}»`;
    steps.push({
      at: syncedAt,
      rank: 1,
      tone: 'good',
      icon: 'briefcase-business',
      title: 'Сделка создана',
      text,
    });
  }
  if (error !== null) {
    const isMade = syncedAt !== null;
    steps.push({
      at: syncedAt ?? lead.created_at ?? '',
      rank: 2,
      tone: isMade ? 'warn' : 'bad',
      icon: isMade ? 'triangle-alert' : 'octagon-x',
      title: isMade ? 'AmoCRM приняла сделку не целиком' : 'Сделка не создана',
      remedy: isMade ? undefined : 'Владелец может отправить её ещё раз в «Проблемах».',
      details: [['Ответ AmoCRM', typed(error, 600)]],
    });
  }
  if (lead.amocrm_deleted_at !== null) {
    steps.push({
      at: lead.amocrm_deleted_at,
      rank: 3,
      tone: 'mute',
      icon: 'ban',
      title: 'Сделку удалили в AmoCRM',
    });
  }
  return steps;
}
