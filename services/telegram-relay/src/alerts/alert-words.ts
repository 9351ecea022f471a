/** What each alert means, and what to do about it, in words for people who do not know the code. */

export interface AlertWords {
  /** While it goes on. */
  raised: string;
  /** When it is over. */
  resolved: string;
  /** What it means for people, and what to do. */
  advice?: string;
}

/** Who it is about: the first part of an alert's name. */
const PARTS: Readonly<Record<string, string>> = {
  'notifier-plan': 'планирование писем и SMS',
  'notifier-messages': 'сообщения платформы',
  'notifier-email': 'письма (Resend)',
  'notifier-sms': 'SMS (Mobizon)',
  'crm-sync': 'сделки в AmoCRM',
  'crm-students': 'ученики в AmoCRM',
  'crm-changes': 'изменения из AmoCRM',
  amocrm: 'AmoCRM',
  resend: 'письма (Resend)',
  mailgun: 'письма (Mailgun)',
  mobizon: 'SMS (Mobizon)',
  telegram: 'Telegram',
  'telegram-plan': 'заявки в Telegram',
  'telegram-send': 'заявки в Telegram',
  'telegram-students': 'сообщения ученикам',
  'telegram-leads': 'бот заявок в Telegram',
  'telegram-admin': 'бот предупреждений в Telegram',
  'telegram-mentor': 'бот учеников в Telegram',
  'lead-store-leads': 'запись заявок в базу',
  'lead-store-deliveries': 'запись статусов в базу',
  'lead-store-calls': 'журнал интеграций',
  'lead-store-crm': 'запись сделок в базу',
  'lead-store-audit': 'журнал действий',
  'lead-store-rejects': 'запись непрочитанных форм',
  'mailer-batch': 'рассылки',
  'mailer-outcomes': 'результаты рассылок',
  'mailer-suppressions': 'отписки',
  'mailer-sms-reports': 'отчёты о SMS',
  'sequence-leads': 'вход в цепочки писем',
  'sequence-students': 'вход учеников в цепочки писем',
  'sequence-sales': 'выход купивших из цепочек',
  'sequence-steps': 'письма цепочек',
  'tripwire-leads': 'запись в базу Tripwire',
  'tripwire-deliveries': 'запись в базу Tripwire',
  'lead-store-sales': 'запись продаж в базу',
  'identity-landing': 'вход сотрудников',
  'identity-tripwire': 'сотрудники в базе Tripwire',
  'identity-traffic': 'сотрудники в базе трафика',
  'identity-main': 'сотрудники в основной базе',
  'lead-store-students': 'связь учеников с заявками',
  'referrals-leads': 'партнёры: их заявки',
  'referrals-sales': 'партнёры: продажи',
  'referrals-facts': 'партнёры: вознаграждения',
  'notifier-bounces': 'адреса, которые не принимают писем',
};

const WAITS = 'Ничего не теряется: всё ждёт и уйдёт само.';
const DOCTOR = 'Что именно не так и что сделать, скажет команда leadwire doctor.';

/** Names of alerts; the first that fits. `$` stands for the part that it is about. */
const ALL: readonly (readonly [RegExp, AlertWords])[] = [
  [
    /^(.+)_stopped$/,
    {
      raised: 'Остановлено: $',
      resolved: 'Снова работает: $',
      advice: `Само не пройдёт: чаще всего дело в ключе, доступе или деньгах. ${DOCTOR} ${WAITS}`,
    },
  ],
  [
    /^(.+)_limited$/,
    {
      raised: 'Telegram просит писать реже: $',
      resolved: 'Telegram снова принимает сообщения: $',
      advice: `Делать ничего не нужно. ${WAITS}`,
    },
  ],
  [
    /^(.+)_dead_letters$/,
    {
      raised: 'Не удалось обработать: $',
      resolved: 'Всё разобрано: $',
      advice:
        'Такие записи лежат отдельно и не пропадут. Посмотреть причину: leadwire dead list; повторить: leadwire dead redrive.',
    },
  ],
  [
    /^provider_down(?:[_-](.+))?$/,
    {
      raised: 'Сервис не отвечает: $',
      resolved: 'Сервис снова отвечает: $',
      advice: `Если это недолго, делать ничего не нужно. ${WAITS} Если дольше часа: команда leadwire doctor скажет, что не так.`,
    },
  ],
  [
    /^journal_not_draining$/,
    {
      raised: 'Заявки приняты, но не уходят дальше',
      resolved: 'Заявки снова уходят дальше',
      advice: `Они лежат на диске и не потеряются, но писем, SMS и сделок по ним пока нет. ${DOCTOR}`,
    },
  ],
  [
    /^(?:mobizon_balance_low|sms_balance)$/,
    {
      raised: 'Заканчиваются деньги на SMS (Mobizon)',
      resolved: 'Денег на SMS снова достаточно (Mobizon)',
      advice: 'Пополните счёт Mobizon. SMS, которые ждут, уйдут сами.',
    },
  ],
  [
    /^sms_budget_campaigns$/,
    {
      raised: 'SMS рассылок ждут: за час или за сутки отправлено столько, сколько разрешено',
      resolved: 'SMS рассылок снова уходят',
      advice:
        'Рассылка пойдёт дальше сама. Это наш предел против ошибок; деньги на счёте ни при чём.',
    },
  ],
  [
    /^sms_budget/,
    {
      raised: 'SMS по заявкам ждут: за час или за сутки отправлено столько, сколько разрешено',
      resolved: 'SMS снова уходят',
      advice:
        'Это наш предел против накрутки; деньги на счёте ни при чём. Если столько заявок теперь всегда, поднимите SMS_BUDGET_PER_HOUR и SMS_BUDGET_PER_DAY.',
    },
  ],
  [
    /^mail_fallback$/,
    {
      raised: 'Письма уходят через запасной сервис',
      resolved: 'Письма снова уходят через основной сервис',
      advice: 'Люди получают письма. Проверьте основной сервис: leadwire doctor.',
    },
  ],
  [
    /^flood$/,
    {
      raised: 'Слишком много заявок сразу: они задержаны',
      resolved: 'Заявок снова обычное количество',
      advice:
        'Задержанные заявки сохранены, но никому ничего не отправлено. Если это настоящие люди, выпустите их кнопкой.',
    },
  ],
  [
    /^quarantined$/,
    {
      raised: 'Заявки с настоящими контактами задержаны',
      resolved: 'Задержанных заявок больше нет',
      advice: 'Похоже на робота, но контакты живые. Если это люди, выпустите заявки кнопкой.',
    },
  ],
  [
    /^no_leads$/,
    {
      raised: 'Давно нет ни одной заявки',
      resolved: 'Заявки снова приходят',
      advice:
        'Откройте сайт и отправьте заявку сами. Не пришла сюда — сломана форма. Пришла — проверьте, идёт ли реклама.',
    },
  ],
  [
    /^campaign_paused/,
    {
      raised: 'Рассылка остановилась сама и ждёт решения',
      resolved: 'С рассылкой решено',
      advice:
        'Откройте её в консоли, «Рассылки»: там причина и кнопки «Продолжить» и «Отменить». Дважды никому ничего не уйдёт.',
    },
  ],
  [
    /^forced_resend$/,
    {
      raised: 'Сообщение отправлено человеку ещё раз, вручную',
      resolved: 'Сообщение отправлено человеку ещё раз, вручную',
      advice: 'Делать ничего не нужно. Кто это решил: консоль, «Настройки», «Журнал».',
    },
  ],
  [
    /^forms_refused$/,
    {
      raised: 'Форма прислала заявку, которую не удалось прочитать',
      resolved: 'Заявки с форм снова читаются',
      advice:
        'Заявка сохранена на 30 дней. Поправьте поля формы и повторите: leadwire forms retry.',
    },
  ],
  [
    /^webhooks_refused$/,
    {
      raised: 'Сообщения сервиса не приняты: неверная подпись',
      resolved: 'Сообщения сервиса снова принимаются',
      advice: 'Проверьте секрет вебхука в .env и в кабинете сервиса.',
    },
  ],
  [
    /^untrusted_proxy$/,
    {
      raised: 'Настройка TRUST_PROXY не совпадает с тем, откуда приходят запросы',
      resolved: 'Настройка TRUST_PROXY в порядке',
      advice: 'Все посетители выглядят как один. Укажите в TRUST_PROXY адрес прокси.',
    },
  ],
  [
    /^disk/,
    {
      raised: 'Заканчивается место для заявок и событий',
      resolved: 'Места снова достаточно',
      advice: 'Освободите место на диске сервера: без него заявки некуда записать.',
    },
  ],
  [
    /^staff_conflict$/,
    {
      raised: 'Сотрудник не перенесён в другую базу: там уже что-то есть',
      resolved: 'Сотрудник перенесён',
      advice: 'Ничего не перезаписано. Кто и почему: leadwire staff conflicts.',
    },
  ],
  [
    /^upkeep$/,
    {
      raised: 'Проверки дня',
      resolved: 'Проверки дня',
      advice: 'Подробно: консоль, «Настройки», «Проверки», или leadwire audit daily.',
    },
  ],
  [
    /^referrals_no_tiers$/,
    {
      raised: 'Продажи партнёров ждут: не задано вознаграждение',
      resolved: 'Вознаграждение партнёров задано',
      advice: 'Задайте его: leadwire referrals tier 1 --percent 10. Продажи будут учтены.',
    },
  ],
  [
    /^referrals_self_referral$/,
    {
      raised: 'Партнёр привёл сам себя: вознаграждение задержано',
      resolved: 'По этому вознаграждению решили',
      advice: 'Посмотрите и решите: leadwire referrals list.',
    },
  ],
  [
    /^referrals_refund_after_payment$/,
    {
      raised: 'Возврат после того, как партнёру заплатили',
      resolved: 'Возврат учтён',
      advice: 'Договоритесь с партнёром, как вернуть вознаграждение: leadwire referrals list.',
    },
  ],
  [
    /^amocrm_mapping$/,
    {
      raised: 'В AmoCRM изменили воронку, этап или поле',
      resolved: 'Воронка, этапы и поля AmoCRM снова те, что в настройках',
      advice: `Сделки создаются, но могут встать не на тот этап или без части данных. ${DOCTOR}`,
    },
  ],
  [
    /^telegram_group_/,
    { raised: 'Группа в Telegram', resolved: 'Группа в Telegram снова на связи' },
  ],
];

/** The words for an alert by its name (`what`); a name that is not known stands for itself. */
export function wordsOf(what: string): AlertWords {
  for (const [pattern, words] of ALL) {
    const found = pattern.exec(what);
    if (!found) continue;
    const part = found[1] ?? '';
    const named = (text: string) => text.replace('$', PARTS[part] ?? part).replace(/: $/, '');
    return { ...words, raised: named(words.raised), resolved: named(words.resolved) };
  }
  return { raised: what, resolved: `Снова в порядке: ${what}` };
}
