/** How a message or a deal stands: a shape, a word, a colour, and why. */
import { moment, type Clock } from './time.ts';
import { reasonWords } from './reasons.ts';

export interface Status {
  tone: 'good' | 'wait' | 'warn' | 'bad' | 'hold' | 'mute';
  icon: string;
  word: string;
  why?: string | undefined;
}

/** A message's part of a lead's row. */
export interface MessageState {
  status: string | null;
  dueAt?: string | null | undefined;
  deliveredAt?: string | null | undefined;
  openedAt?: string | null | undefined;
  clickedAt?: string | null | undefined;
  bouncedAt?: string | null | undefined;
  reason?: string | null | undefined;
  /** Whether one will be planned in a moment. */
  isComing?: boolean;
}

export function messageStatus(state: MessageState, isHeld: boolean, clock: Clock): Status {
  const why = reasonWords(state.reason);
  if (state.bouncedAt) return { tone: 'bad', icon: 'undo-2', word: 'Вернулось', why };
  switch (state.status) {
    case 'sent':
      return sentStatus(state);
    case 'failed':
      return { tone: 'bad', icon: 'octagon-x', word: 'Не ушло', why };
    case 'unknown':
      return { tone: 'warn', icon: 'unknown', word: 'Неизвестно', why: 'решает человек' };
    case 'skipped':
      return { tone: 'mute', icon: 'circle-minus', word: 'Пропущено', why };
    case 'held':
      return { tone: 'hold', icon: 'hand', word: 'Придержано', why };
    case 'cancelled':
      return { tone: 'mute', icon: 'ban', word: 'Отменено', why };
    case 'pending':
      return plannedStatus(state.dueAt, clock);
    case null:
    default:
      return absentStatus(isHeld, state.isComing ?? false);
  }
}

function absentStatus(isHeld: boolean, isComing: boolean): Status {
  if (isHeld) return { tone: 'hold', icon: 'shield-alert', word: 'В карантине' };
  if (isComing) return { tone: 'wait', icon: 'clock-3', word: 'Планируется' };
  return { tone: 'mute', icon: 'circle-minus', word: 'Не нужно' };
}

function sentStatus({ clickedAt, openedAt, deliveredAt }: MessageState): Status {
  if (clickedAt) return { tone: 'good', icon: 'mouse-pointer-click', word: 'Переход' };
  if (openedAt) return { tone: 'good', icon: 'mail-open', word: 'Открыто' };
  if (deliveredAt) return { tone: 'good', icon: 'check-check', word: 'Доставлено' };
  return { tone: 'good', icon: 'check', word: 'Отправлено' };
}

function plannedStatus(dueAt: string | null | undefined, clock: Clock): Status {
  if (!dueAt) return { tone: 'wait', icon: 'clock-3', word: 'Запланировано' };
  if (Date.parse(dueAt) > clock.now().getTime()) {
    return { tone: 'wait', icon: 'clock-3', word: `Уйдёт ${moment(dueAt, clock)}` };
  }
  return { tone: 'wait', icon: 'hourglass', word: 'Ждёт', why: 'должно было уйти' };
}

export interface DealState {
  quarantined: boolean;
  amocrm_synced: boolean;
  amocrm_stage: string | null;
  amocrm_error: string | null;
  amocrm_deleted_at: string | null;
}

export function dealStatus(deal: DealState): Status {
  if (deal.amocrm_deleted_at) return { tone: 'mute', icon: 'ban', word: 'Удалена в AmoCRM' };
  if (deal.amocrm_synced) {
    return { tone: 'good', icon: 'briefcase-business', word: deal.amocrm_stage ?? 'Создана' };
  }
  if (deal.amocrm_error) return { tone: 'bad', icon: 'octagon-x', word: 'Не создана' };
  if (deal.quarantined) return { tone: 'hold', icon: 'shield-alert', word: 'В карантине' };
  return { tone: 'wait', icon: 'clock-3', word: 'Создаётся' };
}
