/** What each alert means, and what to do about it, in words for people who do not know the code. */
import { alertKinds, kindOf, type AlertKind } from '@leadwire/shared/contract/alert-kinds';
import { ownCommand } from '@leadwire/shared/runtime/own-command';
import { PARTS } from './alert-parts.ts';

export interface AlertWords {
  /** While it goes on. */
  raised: string;
  /** When it is over. What has just happened is never over. */
  resolved: string;
  /** What it means for people, and what to do. */
  advice?: string;
  /** Where in the console it is seen to. */
  page?: { title: string; path: string };
  /** It has happened, and stands for nothing that goes on. */
  isEvent?: boolean;
}

const WAITS = 'Ничего не теряется: всё ждёт и уйдёт само.';
const DOCTOR = `Кто ведёт сервер, узнает причину и что сделать командой ${ownCommand('doctor')}.`;
const PROBLEMS = { title: '«Проблемы»', path: '/problems' };
const TODAY = { title: '«Сегодня»', path: '/' };
const FORMS = { title: '«Формы»', path: '/settings/forms' };
const PARTNERS = { title: '«Партнёры»', path: '/partners' };

const happened = (words: Omit<AlertWords, 'resolved'>): AlertWords => {
  return { ...words, resolved: words.raised };
};

/** `$` stands for the part that it is about. */
const WORDS: Readonly<Record<AlertKind, AlertWords>> = {
  '*_stopped': {
    raised: 'Остановлено: $',
    resolved: 'Снова работает: $',
    advice: `Само не пройдёт: чаще всего дело в ключе, доступе или деньгах. ${DOCTOR} ${WAITS}`,
    page: TODAY,
  },
  '*_limited': {
    raised: 'Telegram просит писать реже: $',
    resolved: 'Telegram снова принимает сообщения: $',
    advice: `Делать ничего не нужно. ${WAITS}`,
  },
  '*_dead_letters': {
    raised: 'Не удалось обработать: $',
    resolved: 'Всё разобрано: $',
    advice:
      'Эти записи отложены и не пропадут, но сами не уйдут. В консоли написано, почему, и есть кнопки «Отправить ещё раз» и «Убрать совсем».',
    page: PROBLEMS,
  },
  'service_gone-*': {
    raised: 'Не работает часть системы: $',
    resolved: 'Снова работает: $',
    advice: 'Сообщите тому, кто ведёт сервер. Заявки, которые уже приняты, не потеряются.',
  },
  provider_down: {
    raised: 'Внешний сервис не отвечает',
    resolved: 'Внешний сервис снова отвечает',
    advice: 'До часа ждите: обычно это проходит само.',
    page: TODAY,
  },
  mail_fallback: {
    raised: 'Письма уходят через запасной сервис',
    resolved: 'Письма снова уходят через основной сервис',
    advice: `Люди получают письма, срочного ничего нет. ${DOCTOR}`,
  },
  mobizon_balance_low: {
    raised: 'Заканчиваются деньги на SMS (Mobizon)',
    resolved: 'Денег на SMS снова достаточно (Mobizon)',
    advice: 'SMS пока уходят.',
  },
  sms_balance: {
    raised: 'Деньги на SMS кончились (Mobizon)',
    resolved: 'Деньги на SMS снова есть (Mobizon)',
    advice: 'SMS не пропадают, они ждут.',
  },
  sms_budget: {
    raised: 'SMS по заявкам ждут: за час или за сутки отправлено столько, сколько разрешено',
    resolved: 'SMS снова уходят',
    advice:
      'Это наш предел против накрутки; деньги на счёте ни при чём. Если столько заявок теперь всегда, поднимите SMS_BUDGET_PER_HOUR и SMS_BUDGET_PER_DAY.',
    page: { title: '«Заявки»', path: '/leads' },
  },
  sms_budget_campaigns: {
    raised: 'SMS рассылок ждут: за час или за сутки отправлено столько, сколько разрешено',
    resolved: 'SMS рассылок снова уходят',
    advice:
      'Рассылка пойдёт дальше сама. Это наш предел против ошибок; деньги на счёте ни при чём.',
    page: { title: '«Рассылки»', path: '/campaigns' },
  },
  journal_not_draining: {
    raised: 'Заявки приняты, но не уходят дальше',
    resolved: 'Заявки снова уходят дальше',
    advice: `Они лежат на диске и не потеряются, но писем, SMS и сделок по ним пока нет. ${DOCTOR}`,
  },
  journal_not_writable: {
    raised: 'Запасной журнал заявок не записывается на диск',
    resolved: 'Запасной журнал заявок снова записывается',
    advice: `Заявки пока принимаются, но если остановится и очередь, формы начнут отказывать людям. Проверьте диск и папку журнала (JOURNAL_DIR) на сервере сегодня же.`,
  },
  disk: {
    raised: 'Заканчивается место для заявок и событий',
    resolved: 'Места снова достаточно',
    advice: 'Заявки пока принимаются; когда место кончится, их будет некуда записать.',
  },
  flood: {
    raised: 'Слишком много заявок сразу: они задержаны',
    resolved: 'Заявок снова обычное количество',
    advice:
      'Задержанные заявки сохранены, но никому ничего не отправлено. Посмотрите их: если это настоящие люди, выпустите их кнопкой.',
    page: PROBLEMS,
  },
  quarantined: {
    raised: 'Заявки с настоящими контактами задержаны',
    resolved: 'Задержанных заявок больше нет',
    advice:
      'Похоже на робота, но контакты живые. Писем и звонков по ним не было. Если это люди, выпустите заявки кнопкой.',
    page: PROBLEMS,
  },
  no_leads: {
    raised: 'Давно нет ни одной заявки',
    resolved: 'Заявки снова приходят',
    advice:
      'Откройте сайт и отправьте заявку сами. Не пришла сюда — сломана форма. Пришла — проверьте, идёт ли реклама.',
    page: TODAY,
  },
  forms_refused: {
    raised: 'Форма прислала заявку, которую не удалось прочитать',
    resolved: 'Заявки с форм снова читаются',
    advice:
      'Среди них может быть человек. Заявка сохранена на 30 дней: поправьте форму и прочитайте её снова.',
    page: FORMS,
  },
  origin_refused: {
    raised: 'Заявка пришла с чужой страницы и не принята',
    resolved: 'Заявки с этой страницы принимаются',
    advice:
      'Если это ваш новый сайт, люди не могут оставить на нём заявку: они видят ошибку. Если не ваш, делать ничего не нужно.',
  },
  facebook_refused: {
    raised: 'Facebook не отдаёт заявки',
    resolved: 'Facebook снова отдаёт заявки',
  },
  webhooks_refused: {
    raised: 'Сообщения сервиса не приняты: неверный секрет',
    resolved: 'Сообщения сервисов снова принимаются',
    advice: 'Пока это так, мы можем не узнать, что письмо дошло или сделку передвинули.',
  },
  untrusted_proxy: {
    raised: 'Настройка TRUST_PROXY не совпадает с тем, откуда приходят запросы',
    resolved: 'Настройка TRUST_PROXY в порядке',
    advice: 'Заявки принимаются, но при наплыве посетителей часть из них может получить отказ.',
  },
  amocrm_mapping: {
    raised: 'В AmoCRM изменили воронку, этап или поле',
    resolved: 'AmoCRM снова принимает сделки целиком',
    advice: `Сделки создаются, но могут встать не на тот этап или без части данных. Верните этап или поле в AmoCRM. ${DOCTOR}`,
  },
  'campaign_paused-*': {
    raised: 'Рассылка остановилась сама и ждёт решения',
    resolved: 'С рассылкой решено',
    advice:
      'В консоли написана причина и есть кнопки «Продолжить» и «Отменить». Дважды никому ничего не уйдёт.',
    page: { title: 'эта рассылка', path: '/campaigns/$' },
  },
  'telegram_group_*': {
    raised: 'Группа в Telegram не получает сообщений',
    resolved: 'Группа в Telegram снова на связи',
  },
  staff_conflict: {
    raised: 'Сотрудник не перенесён в другую базу: там уже кто-то есть с этим адресом',
    resolved: 'Все сотрудники перенесены',
    advice: `Войти там он не сможет; ничего не перезаписано. Кто это и почему: ${ownCommand('staff conflicts')}.`,
  },
  referrals_no_tiers: {
    raised: 'Продажи партнёров ждут: не задано вознаграждение',
    resolved: 'Вознаграждение партнёров задано',
    advice: 'Задайте, сколько процентов получает партнёр: ждущие продажи будут учтены сами.',
    page: PARTNERS,
  },
  referrals_self_referral: happened({
    raised: 'Партнёр привёл сам себя: вознаграждение задержано',
    advice: 'Ему ничего не начислено, пока вы не одобрите это сами.',
    page: PARTNERS,
  }),
  referrals_refund_after_payment: happened({
    raised: 'Возврат после того, как партнёру заплатили',
    advice: 'Вознаграждение уже выплачено. Договоритесь с партнёром, как его вернуть.',
    page: PARTNERS,
  }),
  forced_resend: happened({
    raised: 'Сообщение отправлено человеку ещё раз, вручную',
    advice: 'Делать ничего не нужно. В журнале написано, кто так решил.',
    page: { title: '«Журнал»', path: '/settings/audit' },
  }),
  upkeep: happened({
    raised: 'Проверки дня',
    page: { title: '«Проверки»', path: '/settings/upkeep' },
  }),
};

/** The words for an alert by its name (`what`); a name that is not known stands for itself. */
export function wordsOf(what: string): AlertWords {
  const known = kindOf(what);
  if (!known) return { raised: what, resolved: `Закончилось: ${what}` };
  const { kind, about } = known;
  const { page, ...words } = WORDS[kind];
  const named = (text: string) => text.replace('$', PARTS[about] ?? about);
  return {
    ...words,
    isEvent: alertKinds[kind] === 'happened',
    raised: named(words.raised),
    resolved: named(words.resolved),
    ...(page && { page: { ...page, path: page.path.replace('$', about) } }),
  };
}
