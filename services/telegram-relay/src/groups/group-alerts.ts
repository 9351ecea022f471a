/** Admin groups hear of it when a group is gone, cannot be written to, or is back. */
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { toError } from '@leadwire/shared/errors';
import type { Log } from '@leadwire/shared/runtime/log';
import type { TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import { ownCommand } from '@leadwire/shared/runtime/own-command';
import { goneInWords, pausedInWords } from './answers.ts';
import type { GroupStore } from './group-store.ts';

/** Tells of every change that this process makes; a failure is logged and changes nothing. */
export function tellOfGroups(
  groups: Pick<GroupStore, 'onChange'>,
  alerts: Pick<Alerts, 'report' | 'resolve'>,
  log: Log,
): void {
  const tell = async (group: TelegramGroup): Promise<void> => {
    const { groupId, title, state, stateReason = 'unknown', changedAt } = group;
    const what = `telegram_group_${groupId}` as const;
    const cause = `${what}:${changedAt}`;
    switch (state) {
      case 'active':
        return alerts.resolve(what, `«${title}» получает сообщения`);
      case 'paused': {
        const message = `«${title}»: ${pausedInWords(stateReason)} Пробую снова каждые несколько минут; заявки ждут и придут сами.`;
        return alerts.report({ severity: 'warning', what, message }, cause);
      }
      case 'deactivated': {
        const isAsked = stateReason === 'by_command';
        const message = isAsked
          ? `«${title}» отключена командой /deactivate. Вернуть: отправьте в ней /activate.`
          : `«${title}»: ${goneInWords(stateReason)}. Добавьте бота снова и отправьте в группе /activate с новым кодом: ${ownCommand('telegram code')}.`;
        return alerts.report({ severity: isAsked ? 'info' : 'warning', what, message }, cause);
      }
    }
  };

  groups.onChange((group) => {
    tell(group).catch((thrown: unknown) =>
      log.warn({ groupId: group.groupId, err: toError(thrown) }, 'the alert was not published'),
    );
  });
}
