/** What people have done, as the journal says it. */
export const auditWords: Readonly<Record<string, string>> = {
  'staff.added': 'Добавлен сотрудник',
  'staff.changed': 'Изменён сотрудник',
  'staff.imported': 'Сотрудник перенесён из базы трафика',
  'staff.disabled': 'Отключён сотрудник',
  'staff.enabled': 'Включён сотрудник',
  'staff.link_made': 'Сделана ссылка для входа',
  'staff.telegram_link_made': 'Сделана ссылка для Telegram',
  'staff.link_sent': 'Отправлена ссылка для входа',
  'delivery.retried': 'Отправлено заново, что не ушло',
  'delivery.resent': 'Отправлено ещё раз',
  'lead.imported': 'Перенесены заявки из старых таблиц',
  'lead.released': 'Пропущены заявки из карантина',
  'identity.decided': 'Решено, один ли это человек',
  'text.saved': 'Сохранён текст',
  'text.restored': 'Возвращён прежний текст',
  'text.archived': 'Убран текст',
  'text.unarchived': 'Возвращён текст',
  'attribution.decided': 'Решено, какие метки верны',
  'spend.imported': 'Внесён расход на рекламу',
  'lead.cancelled': 'Отменены сообщения',
  'lead.exported': 'Скачан список заявок',
  'referrer.added': 'Добавлен партнёр',
  'commission.approved': 'Одобрены комиссии партнёра',
  'commission.paid': 'Комиссии отмечены выплаченными',
  'commission.tier_set': 'Назначена комиссия партнёров',
  'dead_letter.redriven': 'Отправлено заново из «Проблем»',
  'dead_letter.dropped': 'Убрано из «Проблем»',
  'campaign.created': 'Создан черновик рассылки',
  'campaign.changed': 'Изменён черновик рассылки',
  'campaign.listed': 'Выбраны люди рассылки',
  'campaign.tested': 'Отправлена проба рассылки',
  'campaign.started': 'Запущена рассылка',
  'campaign.paused': 'Рассылка поставлена на паузу',
  'campaign.resumed': 'Рассылка продолжена',
  'campaign.cancelled': 'Отменена рассылка',
  'campaign.retried': 'Отправлено заново, что не ушло в рассылке',
  'campaign.copied': 'Сделана копия рассылки',
  'campaign.deleted': 'Удалён черновик рассылки',
  'campaign.segment_saved': 'Сохранён сегмент',
  'campaign.segment_deleted': 'Удалён сегмент',
  'campaign.sequence_saved': 'Сохранена цепочка',
  'campaign.sequence_on': 'Включена цепочка',
  'campaign.sequence_off': 'Выключена цепочка',
  'campaign.sequence_deleted': 'Удалена цепочка',
  'campaign.sequence_stopped': 'Цепочка остановлена для человека',
  'text.picture': 'Загружена картинка',
  'token.added': 'Добавлен ключ для программы',
  'token.revoked': 'Отозван ключ программы',
  'form.changed': 'Изменена форма',
};

/**
 * Who did it, for people: an address as it is; `cli:<user>` is somebody at a terminal, and a token may be anybody who
 * has it.
 */
export function actorWords(actor: string | null | undefined): string {
  if (actor === null || actor === undefined) return 'неизвестно кто';
  if (actor.startsWith('cli:')) return `${actor.slice('cli:'.length)}, в терминале`;
  return actor.endsWith(' token') ? 'по ключу доступа' : actor;
}
