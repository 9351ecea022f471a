/** Dead letters by their cause, as people read them. */
import type { DeadLetter } from '@leadwire/operations/dead-letters/dead-letters';
import { reasonWords } from '../words/reasons.ts';

/** Whose work it was, and what a person misses because of it. */
const WORK: Readonly<Record<string, readonly [string, string]>> = {
  'notifier-plan': ['Письма и SMS не запланированы', 'Люди не получили ничего.'],
  'notifier-messages': ['Сообщения платформы не запланированы', 'Ученики не получили письмо.'],
  'notifier-email': ['Письма не ушли', 'Люди ждут письмо с результатом.'],
  'notifier-sms': ['SMS не ушли', 'Люди ждут SMS.'],
  'crm-sync': ['Сделки не созданы', 'Менеджеры не видят этих заявок в AmoCRM.'],
  'crm-students': ['Сделки учеников не обновлены', 'В AmoCRM у них прежний этап.'],
  'crm-changes': ['Изменения из AmoCRM не прочитаны', 'Этап здесь может быть старым.'],
  'telegram-plan': ['Сообщения в группы не запланированы', 'Группы не узнали о заявках.'],
  'telegram-send': ['Сообщения в группы не ушли', 'Группы не узнали о заявках.'],
  'telegram-students': ['Сообщения ученикам не ушли', 'Ученики не узнали о своём уроке.'],
  'telegram-alerts': ['Предупреждения не ушли', 'Администраторы о них не узнали.'],
  'mailer-batch': ['Часть рассылки не ушла', 'Её получатели ничего не получили.'],
};
const OTHER = [
  'Не записано в базу',
  'Здесь и в отчётах этого не видно; ничего не потеряно.',
] as const;

export interface DeadGroup {
  /** `<durable>.<cause>`: names it in addresses and forms; no contact is in it. */
  key: string;
  title: string;
  meaning: string;
  cause: string;
  letters: readonly DeadLetter[];
}

const keyOf = ({ durable, cause }: DeadLetter) => `${durable}.${cause}`;

/** The largest first. */
export function groupLetters(letters: readonly DeadLetter[]): DeadGroup[] {
  const groups = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const key = keyOf(letter);
    groups.set(key, [...(groups.get(key) ?? []), letter]);
  }
  return [...groups]
    .map(([key, own]) => {
      const [{ durable = '', cause = '' } = {}] = own;
      const [title, meaning] = WORK[durable] ?? OTHER;
      return { key, title, meaning, cause: reasonWords(cause) ?? cause, letters: own };
    })
    .sort((a, b) => b.letters.length - a.letters.length);
}
