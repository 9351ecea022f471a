import type { FaultPreset } from '../../world/provider.ts';

/** Mailgun's faults for a person at the page. */
export const mailgunPresets: FaultPreset[] = [
  {
    id: 'mailgun-accept-then-500',
    title: 'Mailgun: принимает письмо и отвечает 500',
    hint: 'Письмо отправлено, но сервис сообщает об ошибке. Повтор был бы вторым письмом.',
    rule: {
      provider: 'mailgun',
      method: 'POST',
      path: '*/messages',
      action: { do: 'effect-then-5xx' },
    },
  },
  {
    id: 'mailgun-down',
    title: 'Mailgun: не отвечает на соединение',
    hint: 'Каждое соединение сбрасывается.',
    rule: { provider: 'mailgun', action: { do: 'refuse' } },
  },
];
