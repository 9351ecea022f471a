/** Alerts that stand and that no other finding tells of: what began and nobody has said to be over. */
import type { HealthFinding, HealthState } from './finding.ts';

interface AlertWords {
  title: string;
  state: HealthState;
  text: string;
  meaning: string;
  remedy: string;
}

const WORDS: Readonly<Record<string, AlertWords>> = {
  flood: {
    title: 'Наплыв заявок',
    state: 'warning',
    text: 'заявок приходит гораздо больше обычного, новые придерживаются',
    meaning: 'Они сохранены, но письма, SMS и сделки по ним не уходят',
    remedy: 'Откройте «Проблемы»: если это люди, пропустите их (leadwire leads release)',
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
      'Откройте «Настройки», «Формы»: у какой формы есть непрочитанное. Поправьте её поля и прочитайте снова (leadwire forms retry)',
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
