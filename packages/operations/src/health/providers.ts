/** How the outside systems answer: from the log of our calls, the shared limits and what services raised alerts about. */
import type { ProviderCall } from '@leadwire/shared/contract/events';
import { maskText } from '../masking/mask.ts';
import { ownCommand } from '@leadwire/shared/runtime/own-command';
import { spanRu, type HealthFinding } from './finding.ts';

export interface ProviderFacts {
  /** The calls of the last hour, oldest first. */
  calls: readonly Pick<ProviderCall, 'action' | 'status' | 'at' | 'error'>[];
  /** Account -> until when the provider wants no requests, Unix milliseconds. */
  pausedUntil: ReadonlyMap<string, number>;
  /** Alerts that stand: what -> its message and since when. */
  raised: ReadonlyMap<string, { message: string; at: string }>;
}

interface ProviderWords {
  title: string;
  /** Alerts that say that its channel stands still. */
  stops: readonly string[];
  /** Alerts that say that somebody is needed, with words of their own where it is not about the provider's account. */
  warnings: Readonly<Record<string, { text?: string; meaning: string; remedy: string }>>;
  meaning: string;
  remedy: string;
}

const ALLOWED = 'за час или за сутки отправлено столько, сколько разрешено';
const OURS = 'Это наш предел против накрутки и ошибок; деньги на счёте ни при чём';

export const providers: Readonly<Record<string, ProviderWords>> = {
  resend: {
    title: 'Почта (Resend)',
    stops: ['notifier-email_stopped', 'mailer-batch_stopped'],
    warnings: {
      mail_fallback: {
        meaning: 'Письма уходят через запасной сервис: люди их получают',
        remedy: 'Проверьте ключ и домен на resend.com (leadwire doctor называет причину)',
      },
    },
    meaning: 'Письма ждут и уйдут сами, когда сервис снова примет их',
    remedy: 'Проверьте ключ и домен на resend.com (leadwire doctor называет причину)',
  },
  mailgun: {
    title: 'Запасная почта (Mailgun)',
    stops: [],
    warnings: {},
    meaning: 'Если Resend откажет, письма будут ждать',
    remedy: 'Проверьте ключ и домен в кабинете Mailgun',
  },
  mobizon: {
    title: 'SMS (Mobizon)',
    stops: ['notifier-sms_stopped', 'sms_balance'],
    warnings: {
      mobizon_balance_low: {
        meaning: 'Пока SMS уходят; когда деньги кончатся, они будут ждать',
        remedy: 'Пополните счёт в кабинете Mobizon',
      },
      sms_budget: {
        text: `SMS по заявкам ждут: ${ALLOWED}`,
        meaning: OURS,
        remedy: `Посмотрите в «Заявках», люди ли это. Если люди, выпустите SMS: ${ownCommand('sms budget lift')}. Если так теперь всегда, поднимите SMS_BUDGET_PER_HOUR и SMS_BUDGET_PER_DAY`,
      },
      sms_budget_campaigns: {
        text: `SMS рассылки ждут и пойдут дальше сами: ${ALLOWED}`,
        meaning: OURS,
        remedy: `Если они нужны сейчас: ${ownCommand('sms budget lift --campaigns')}. Если рассылка ошибочна, отмените её в «Рассылках»`,
      },
    },
    meaning: 'SMS ждут: люди получат их позже или не получат, если пройдёт срок',
    remedy: 'Проверьте баланс и ключ в кабинете Mobizon; после пополнения SMS уйдут сами',
  },
  amocrm: {
    title: 'AmoCRM',
    stops: ['amocrm_stopped', 'crm-sync_stopped'],
    warnings: {},
    meaning: 'Новые заявки не становятся сделками; они ждут и появятся сами, когда связь вернётся',
    remedy: 'Проверьте доступ: leadwire doctor, при просроченном входе leadwire amocrm connect',
  },
  telegram: {
    title: 'Telegram',
    stops: ['telegram-send_stopped'],
    warnings: {},
    meaning: 'Группы не узнают о новых заявках; сообщения ждут и придут позже',
    remedy: 'Проверьте токен бота и группы: leadwire doctor, leadwire telegram groups',
  },
};

/** So many failures in a row are no accident. */
const BROKEN_AFTER = 3;

/** One finding for each provider that was asked in the last hour or that something stands about. */
export function judgeProviders(facts: ProviderFacts, now: Date): HealthFinding[] {
  return Object.entries(providers).flatMap(([name, words]) => judge(name, words, facts, now) ?? []);
}

/** What is known of one provider, and how it is spoken of. */
interface Case {
  name: string;
  words: ProviderWords;
  about: { part: string; title: string };
  /** Of the last hour, the oldest first. */
  calls: ProviderFacts['calls'];
  facts: ProviderFacts;
  now: Date;
}

function judge(
  name: string,
  words: ProviderWords,
  facts: ProviderFacts,
  now: Date,
): HealthFinding | undefined {
  const about = { part: `provider:${name}`, title: words.title };
  const calls = facts.calls.filter(({ action }) => action.split('.')[0] === name);
  const given: Case = { name, words, about, calls, facts, now };
  return stopped(given) ?? failing(given) ?? warned(given) ?? paused(given) ?? answering(given);
}

function stopped({ words, about, facts }: Case): HealthFinding | undefined {
  const { meaning, remedy, stops } = words;
  const stop = stops.map((what) => facts.raised.get(what)).find((found) => found !== undefined);
  if (stop === undefined) return undefined;
  const text = `остановлено: ${maskText(stop.message)}`;
  return { ...about, state: 'broken', text, meaning, remedy, since: stop.at };
}

function failing({ words, about, calls, now }: Case): HealthFinding | undefined {
  const { meaning, remedy } = words;
  const failed = calls.slice(calls.findLastIndex(({ status }) => status === 'ok') + 1);
  const [first] = failed;
  if (first === undefined || failed.length < BROKEN_AFTER) return undefined;
  const why = maskText(failed.at(-1)?.error ?? 'без объяснения');
  const text = `не отвечает как надо уже ${spanRu(now.getTime() - Date.parse(first.at))}: ${why}`;
  return { ...about, state: 'broken', text, meaning, remedy, since: first.at };
}

function warned({ words, about, facts }: Case): HealthFinding | undefined {
  for (const [what, own] of Object.entries(words.warnings)) {
    const warning = facts.raised.get(what);
    if (!warning) continue;
    return {
      ...about,
      state: 'warning',
      text: maskText(warning.message),
      ...own,
      since: warning.at,
    };
  }
  return undefined;
}

function paused({ name, words, about, facts, now }: Case): HealthFinding | undefined {
  const pauseMs = (facts.pausedUntil.get(name) ?? 0) - now.getTime();
  if (pauseMs <= 0) return undefined;
  const text = `просит подождать ещё ${spanRu(pauseMs)}: слишком много запросов`;
  const remedy = 'Ничего: продолжится само';
  return { ...about, state: 'warning', text, meaning: words.meaning, remedy };
}

/** Nothing stands against it; undefined when it was not asked at all. */
function answering({ about, calls, now }: Case): HealthFinding | undefined {
  if (calls.length === 0) return undefined;
  const lastOk = calls.findLast(({ status }) => status === 'ok');
  const ago = lastOk ? spanRu(now.getTime() - Date.parse(lastOk.at)) : undefined;
  const text = ago === undefined ? 'последний запрос не удался' : `последний ответ ${ago} назад`;
  return { ...about, state: 'ok', text };
}
