import type { FaultPreset } from '../../world/provider.ts';

/** Resend's faults for a person at the page. */
export const resendPresets: FaultPreset[] = [
  {
    id: 'resend-accept-then-drop',
    title: 'Resend: принимает письмо и рвёт связь',
    hint: 'Письмо отправлено, но ответ не приходит. Повтор с тем же ключом не должен отправить второе.',
    rule: {
      provider: 'resend',
      method: 'POST',
      path: '/emails*',
      action: { do: 'effect-then-drop' },
    },
  },
  {
    id: 'resend-accept-then-500',
    title: 'Resend: принимает письмо и отвечает 500',
    hint: 'Письмо отправлено, но сервис сообщает об ошибке.',
    rule: {
      provider: 'resend',
      method: 'POST',
      path: '/emails*',
      action: { do: 'effect-then-5xx' },
    },
  },
  {
    id: 'resend-500',
    title: 'Resend: ошибка 500',
    hint: 'Письма не принимаются, каждый запрос получает 500.',
    rule: { provider: 'resend', action: { do: 'refuse', status: 500 } },
  },
  {
    id: 'resend-down',
    title: 'Resend: не отвечает на соединение',
    hint: 'Каждое соединение сбрасывается.',
    rule: { provider: 'resend', action: { do: 'refuse' } },
  },
  {
    id: 'resend-slow',
    title: 'Resend: отвечает через 5 секунд',
    hint: 'Письма принимаются, но медленно.',
    rule: { provider: 'resend', action: { do: 'slow', delayMs: 5_000 } },
  },
  {
    id: 'resend-hang',
    title: 'Resend: зависает',
    hint: 'Соединение открыто, ответа нет.',
    rule: { provider: 'resend', action: { do: 'hang' } },
  },
];
