/** What the system says in codes, in a marketer's words. A code without words is shown as it is. */

/** The API's answer to a form, by its HTTP status; 0: there was none. */
export const ANSWERS = {
  0: 'Ответа нет. API не запущен или не разрешает заявки с этого адреса (CORS_ORIGINS)',
  200: 'Повтор. Такая заявка уже есть, второй не будет',
  201: 'Заявка принята и записана на диск',
  400: 'Нужно исправить поля',
  413: 'Заявка больше 32 КиБ',
  415: 'Тело запроса не JSON',
  429: 'Слишком много заявок с одного адреса',
  503: 'Сейчас не записать. Заявку нужно отправить ещё раз',
};

/** The API's remarks about single fields. */
export const FIELD_REMARKS = {
  'a name is required': 'Напишите имя',
  'a valid email or a phone is required': 'Нужна верная почта или телефон',
  'a phone or a valid email is required': 'Нужен телефон или верная почта',
};

const REASONS = {
  phone_invalid: 'Номер с ошибкой. SMS на него не уйдёт, остальное идёт своим путём',
  phone_missing: 'Телефон не указан',
  email_invalid: 'Адрес почты с ошибкой',
  email_missing: 'Почта не указана',
  quarantined: 'Заявка в карантине: администратор может её выпустить',
  cancelled: 'Отменено вручную',
  person_limit: 'Этому человеку сегодня уже писали: сработал лимит на одного человека',
  sms_off: 'SMS выключены в настройках',
  sms_not_allowed: 'На такой номер SMS не отправляем: другая страна или не мобильный',
  suppressed: 'Адрес не принимает писем: прошлые вернулись',
  stale: 'Опоздало: после срока прошло слишком много времени',
  attempts_spent: 'Все попытки закончились',
  idempotency_key_expired: 'Прошло больше суток, у сервиса уже не спросить',
};

/** Providers' own errors that a marketer can do something about. 15 is Mobizon's "operation failed", for want of money too. */
const PROVIDER_ERRORS = [[/^Mobizon: code 15\b/, 'Mobizon отказал. Проверьте баланс']];

/** Why a message was not sent, or why it failed. */
export function explain(error) {
  if (Object.hasOwn(REASONS, error)) return REASONS[error];
  const [, words] = PROVIDER_ERRORS.find(([pattern]) => pattern.test(error)) ?? [];
  return words ? `${words} (${error})` : error;
}

/** What is odd about the contacts; `suggestion` is the address that was probably meant. */
export const CONTACT_REMARKS = {
  phone_invalid: () => 'в номере ошибка',
  phone_missing: () => 'телефона нет',
  email_invalid: () => 'в почте ошибка',
  email_missing: () => 'почты нет',
  name_missing: () => 'имени нет',
  phone_cut_by_mask: () => 'похоже, набрали с 8: номер неполный',
  form_unknown: () => 'такой формы в настройках нет',
  key_conflict: () => 'этот submissionId уже был у другой заявки, принята отдельно',
  email_typo_suspected: (suggestion) =>
    suggestion ? `похоже на опечатку, возможно ${suggestion}` : 'похоже на опечатку в почте',
};

/** The sandbox's own trouble with asking for a status. */
export const STATUS_TROUBLE = {
  400: 'Это не номер заявки',
  404: 'Такой заявки пока нет. Спросим ещё раз',
  502: 'API не отвечает или не принимает STATUS_TOKEN песочницы. Спросим ещё раз',
  503: 'Статус пока не узнать. Спросим ещё раз',
};

export const PAYMENTS = {
  kaspi: 'Kaspi',
  halyk: 'Halyk',
  robokassa: 'Robokassa',
};
