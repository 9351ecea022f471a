/** What an administrator reads about posts that made no lead. */
import type { Reject, RejectReason } from '@leadwire/shared/contract/intake-forms';
import { ownCommand } from '@leadwire/shared/runtime/own-command';

const WHY: Record<RejectReason, string> = {
  no_contacts: 'не нашлось ни телефона, ни почты',
  unreadable: 'не удалось прочитать содержимое',
  wrong_secret: 'ключ формы не подошёл или не указан',
  form_off: 'форма выключена',
};

const REMEDY: Record<RejectReason, (slug: string) => string> = {
  no_contacts: (slug) =>
    `Подскажите, какие поля читать: ${ownCommand(`forms add ${slug} --map "Их поле=phone"`)}, затем ${ownCommand(`forms retry ${slug}`)}`,
  unreadable: (slug) => `Посмотрите, что пришло: ${ownCommand(`forms show ${slug}`)}`,
  wrong_secret: (slug) =>
    `Скопируйте адрес формы заново: ${ownCommand(`forms show ${slug}`)}. Затем ${ownCommand(`forms retry ${slug}`)}`,
  form_off: (slug) =>
    `Включите её: ${ownCommand(`forms add ${slug} --on`)}, затем ${ownCommand(`forms retry ${slug}`)}`,
};

/** Names of fields are the builder's words; more of them than this nobody reads. */
const MOST_FIELDS = 12;
const LONGEST_NAME = 40;

export const formInWords = (form: string): string => `Форма «${form}»`;

/** @param count how many there were since the last message about this form */
export function refusedInWords(
  { form, reason, fields }: Pick<Reject, 'form' | 'reason' | 'fields'>,
  count: number,
): string {
  const many = count > 1 ? ` (таких: ${count})` : '';
  const names = fields.slice(0, MOST_FIELDS).map((name) => name.slice(0, LONGEST_NAME));
  const came = names.length > 0 ? ` Пришли поля: ${names.join(', ')}.` : '';
  const slug = /^[a-z0-9_-]{1,64}$/.test(form) ? form : '<форма>';
  return `${formInWords(form)}: заявка не принята${many}: ${WHY[reason]}.${came} Всё сохранено. ${REMEDY[reason](slug)}`;
}
