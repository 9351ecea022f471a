/** Alerts that stand and that no other finding tells of: what began and nobody has said to be over. */
import type { AlertKind } from '@leadwire/shared/contract/alert-kinds';
import type { HealthFinding, HealthState } from './finding.ts';

interface AlertWords {
  title: string;
  state: HealthState;
  text: string;
  meaning: string;
  remedy: string;
  command?: string;
}

/** Those of a service that is gone, of providers and staff, have findings of their own. */
const WORDS: Readonly<Partial<Record<AlertKind, AlertWords>>> = {
  flood: {
    title: 'Наплыв заявок',
    state: 'warning',
    text: 'заявок приходит гораздо больше обычного, новые придерживаются',
    meaning: 'Они сохранены, но письма, SMS и сделки по ним не уходят',
    remedy: 'Откройте «Проблемы»: если это люди, пропустите их',
    command: 'leads release',
  },
  journal_not_draining: {
    title: 'Журнал заявок',
    state: 'broken',
    text: 'заявки лежат на диске и не уходят дальше',
    meaning: 'Они приняты и не потеряны, но писем, SMS и сделок по ним пока нет',
    remedy: 'Проверьте, работает ли очередь (leadwire doctor): дальше они уйдут сами',
  },
  disk: {
    title: 'Место на диске',
    state: 'broken',
    text: 'заканчивается место для заявок и событий',
    meaning: 'Без него новые заявки некуда записать',
    remedy: 'Освободите место на диске сервера',
  },
  forms_refused: {
    title: 'Формы',
    state: 'warning',
    text: 'часть того, что прислали формы, не принята',
    meaning: 'Среди непринятого могут быть люди',
    remedy:
      'Откройте «Настройки», «Формы»: у какой формы есть непрочитанное. Поправьте её поля и прочитайте снова',
    command: 'forms retry',
  },
  origin_refused: {
    title: 'Формы',
    state: 'warning',
    text: 'заявка пришла с чужой страницы и не принята',
    meaning: 'Если это ваш новый сайт, люди не могут оставить на нём заявку',
    remedy:
      'Если страница ваша, добавьте её адрес в CORS_ORIGINS (какая, написано в предупреждении)',
  },
  facebook_refused: {
    title: 'Заявки с Facebook',
    state: 'broken',
    text: 'Facebook не отдаёт заявки: токен страницы не действует',
    meaning: 'Заявки ждут на Facebook не дольше семи дней',
    remedy: 'Замените FACEBOOK_PAGE_TOKEN и перезапустите landing-api: пропущенные придут сами',
  },
  journal_not_writable: {
    title: 'Журнал заявок',
    state: 'broken',
    text: 'журнал не записывается на диск',
    meaning: 'Пока заявки принимаются; если остановится и очередь, формы начнут отказывать людям',
    remedy: 'Проверьте диск и папку журнала (JOURNAL_DIR) на сервере',
  },
  amocrm_mapping: {
    title: 'Настройка AmoCRM',
    state: 'warning',
    text: 'в AmoCRM изменили воронку, этап или поле',
    meaning: 'Сделки создаются, но могут встать не на тот этап или без части данных',
    remedy: 'Верните этап или поле; какие, скажет leadwire doctor',
  },
  webhooks_refused: {
    title: 'Сообщения сервисов',
    state: 'warning',
    text: 'сообщения сервиса не приняты: неверная подпись',
    meaning: 'О доставке и об этапах сделок мы узнаём не всё',
    remedy: 'Проверьте секрет вебхука в .env и в кабинете сервиса',
  },
};

/** A finding for each of these that stands; `raised` as `readAlerts` has it. */
export function judgeAlerts(raised: ReadonlyMap<string, { at: string }>): HealthFinding[] {
  return Object.entries(WORDS).flatMap(([what, words]) => {
    const alert = raised.get(what);
    return alert ? [{ part: `alert:${what}`, ...words, since: alert.at }] : [];
  });
}
