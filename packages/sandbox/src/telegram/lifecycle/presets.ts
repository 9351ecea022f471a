import type { FaultPreset, ProviderAnswer } from '../../world/provider.ts';
import { refused, TelegramError, tooMany } from '../api/answers.ts';

const SEND = { provider: 'telegram', path: '/bot*/sendMessage' };

const fixed = ({ status, body, headers }: ProviderAnswer) =>
  ({ do: 'fixed', status, body, headers }) as const;

/** Telegram's faults for a person at the page. */
export const telegramPresets: FaultPreset[] = [
  {
    id: 'telegram-show-then-drop',
    title: 'Telegram: показывает сообщение и рвёт связь',
    hint: 'Сообщение в группе есть, но ответ не приходит. Спросить Telegram нельзя: повтор покажет его второй раз. Срабатывает один раз.',
    rule: { ...SEND, count: 1, action: { do: 'effect-then-drop' } },
  },
  {
    id: 'telegram-502',
    title: 'Telegram: отвечает страницей 502',
    hint: 'Ничего не отправляется, вместо ответа приходит страница веб-сервера.',
    rule: { provider: 'telegram', action: { do: 'refuse', status: 502 } },
  },
  {
    id: 'telegram-500',
    title: 'Telegram: ошибка 500',
    hint: 'Каждый запрос получает внутреннюю ошибку.',
    rule: { provider: 'telegram', action: { do: 'refuse', status: 500 } },
  },
  {
    id: 'telegram-429',
    title: 'Telegram: «слишком много запросов» (429)',
    hint: 'Ни одно сообщение не принимается, просят подождать 5 секунд.',
    rule: { ...SEND, action: fixed(refused(tooMany(5))) },
  },
  {
    id: 'telegram-401',
    title: 'Telegram: токены отозваны (401)',
    hint: 'Ни один бот не узнаётся, пока сбой включён.',
    rule: {
      provider: 'telegram',
      action: fixed(refused(new TelegramError(401, 'Unauthorized'))),
    },
  },
  {
    id: 'telegram-hang',
    title: 'Telegram: зависает',
    hint: 'Соединение открыто, ответа нет, ничего не происходит.',
    rule: { provider: 'telegram', action: { do: 'hang' } },
  },
  {
    id: 'telegram-down',
    title: 'Telegram: не отвечает на соединение',
    hint: 'Каждое соединение сбрасывается.',
    rule: { provider: 'telegram', action: { do: 'refuse' } },
  },
];
