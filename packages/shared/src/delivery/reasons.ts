/** Why a message was not sent, in the words of the people who read it: groups, console, notes. */

/** By the reason that the ledger keeps. */
const WORDS: Readonly<Record<string, string>> = {
  phone_missing: 'нет телефона',
  phone_invalid: 'телефон с ошибкой',
  email_missing: 'нет почты',
  email_invalid: 'почта с ошибкой',
  stale: 'слишком поздно: время сообщения прошло',
  erased: 'данные человека удалены по его просьбе',
  person_limit: 'этому человеку уже писали: сработал лимит сообщений на день',
  suppressed: 'адрес не принимает писем: прошлые вернулись',
  sms_off: 'SMS выключены в настройках',
  sms_not_allowed: 'SMS на такой номер не отправляем: другая страна или не мобильный',
  cancelled: 'отменено сотрудником',
  attempts_spent: 'не удалось отправить после нескольких попыток',
  validation_error: 'почтовый сервис не принял письмо',
  mobizon_1: 'оператор не принял SMS',
  mobizon_15: 'оператор не принял SMS',
  link_gone: 'одноразовая ссылка больше не хранится',
  idempotency_key_expired: 'возможно, ушло: почтовый сервис уже не помнит',
  invalid_idempotent_request: 'возможно, ушло: почтовый сервис уже не помнит',
  contact_missing: 'нет контакта',
  no_contacts: 'нет контактов',
  quarantined: 'похоже на бота',
  unsubscribed: 'человек отписался',
  refused_by_provider: 'оператор отказал',
  rejected: 'оператор отказал',
  not_answered_by_provider: 'сервис отправки не ответил',
  not_listed_by_provider: 'сервис отправки не знает об этом сообщении',
  not_found_at_provider: 'сервис отправки не знает об этом сообщении',
  no_answer: 'сервис отправки не ответил',
  other_body: 'сервис уже получил другой текст под этим номером',
  group_gone: 'группы в Telegram больше нет',
  link_refused: 'не получилось сделать ссылку для входа',
  unknown_template: 'нет такого текста',
  answer_does_not_fit: 'ответ не поместился в текст',
  no_content: 'нет текста',
  bad_schema: 'данные не читаются',
  mailbox_unavailable: 'такого ящика нет',
  flood: 'слишком много одинаковых заявок',
  mailgun_key_only_sends: 'возможно, ушло: ключ Mailgun не даёт проверить',
};

/** Our words for a reason; undefined where a provider gave one that we have no words for. */
export const wordsForReason = (reason: string): string | undefined =>
  Object.hasOwn(WORDS, reason) ? WORDS[reason] : undefined;
