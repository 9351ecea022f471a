import type { FaultPreset, ProviderAnswer } from '../../world/provider.ts';
import { envelope } from '../api/envelope.ts';

const SENDS = { provider: 'mobizon', path: '/service/message/sendSmsMessage' };

function fixed({ status, body, headers }: ProviderAnswer) {
  return { do: 'fixed', status, body, headers } as const;
}

/** Mobizon's faults for a person at the page. */
export const mobizonPresets: FaultPreset[] = [
  {
    id: 'mobizon-accept-then-drop',
    title: 'Mobizon: принимает SMS и рвёт связь',
    hint: 'SMS отправлена и оплачена, но ответ не приходит. Слепой повтор отправит вторую.',
    rule: { ...SENDS, action: { do: 'effect-then-drop' } },
  },
  {
    id: 'mobizon-accept-then-502',
    title: 'Mobizon: принимает SMS и отвечает 502',
    hint: 'SMS отправлена, но вместо ответа приходит страница веб-сервера.',
    rule: { ...SENDS, action: { do: 'effect-then-5xx', status: 502 } },
  },
  {
    id: 'mobizon-accept-then-999',
    title: 'Mobizon: принимает SMS и отвечает «общая ошибка» (код 999)',
    hint: 'SMS отправлена, но ответ говорит об ошибке.',
    rule: {
      ...SENDS,
      action: {
        do: 'effect-then-fixed',
        status: 200,
        body: envelope({ code: 999, data: '' }).body,
      },
    },
  },
  {
    id: 'mobizon-hang',
    title: 'Mobizon: зависает',
    hint: 'Соединение открыто, ответа нет, SMS не отправляется.',
    rule: { provider: 'mobizon', action: { do: 'hang' } },
  },
  {
    id: 'mobizon-down',
    title: 'Mobizon: не отвечает на соединение',
    hint: 'Каждое соединение сбрасывается.',
    rule: { provider: 'mobizon', action: { do: 'refuse' } },
  },
  {
    id: 'mobizon-too-often',
    title: 'Mobizon: «слишком часто» (код 30)',
    hint: 'Каждый вызов получает отказ по частоте.',
    rule: { provider: 'mobizon', action: fixed(envelope({ code: 30, data: '' })) },
  },
  {
    id: 'mobizon-no-money',
    title: 'Mobizon: недостаточно средств',
    hint: 'Отправка отклоняется, SMS нет.',
    rule: {
      ...SENDS,
      action: fixed(envelope({ code: 15, data: '', message: 'Недостаточно средств на балансе.' })),
    },
  },
];
