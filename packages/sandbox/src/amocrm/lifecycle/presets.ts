import type { FaultPreset, ProviderAnswer } from '../../world/provider.ts';
import { nginxPage, problem } from '../api/answers.ts';
import { tooMany } from '../api/rate-limit.ts';

const COMPLEX = { provider: 'amocrm', method: 'POST', path: '/api/v4/leads*' };

const fixed = ({ status, body, headers }: ProviderAnswer) =>
  ({ do: 'fixed', status, body, headers }) as const;

/** AmoCRM's faults for a person at the page. */
export const amocrmPresets: FaultPreset[] = [
  {
    id: 'amocrm-create-then-504',
    title: 'AmoCRM: создаёт сделку и отвечает 504',
    hint: 'Сделка есть, но вместо ответа приходит «время вышло». Слепой повтор создаст вторую.',
    rule: { ...COMPLEX, action: { do: 'effect-then-5xx', status: 504 } },
  },
  {
    id: 'amocrm-create-then-drop',
    title: 'AmoCRM: создаёт сделку и рвёт связь',
    hint: 'Сделка есть, но ответ не приходит.',
    rule: { ...COMPLEX, action: { do: 'effect-then-drop' } },
  },
  {
    id: 'amocrm-rotate-then-drop',
    title: 'AmoCRM: меняет токены и рвёт связь',
    hint: 'Старые токены уже не действуют, новые не дошли: доступ потерян, нужно подключать заново.',
    rule: {
      provider: 'amocrm',
      path: '/oauth2/access_token',
      action: { do: 'effect-then-drop' },
    },
  },
  {
    id: 'amocrm-401',
    title: 'AmoCRM: не признаёт токен (401)',
    hint: 'Каждый запрос к данным получает отказ в доступе.',
    rule: {
      provider: 'amocrm',
      path: '/api/v4/*',
      action: fixed(problem(401, 'Invalid user name or password')),
    },
  },
  {
    id: 'amocrm-429',
    title: 'AmoCRM: «слишком много запросов» (429)',
    hint: 'Каждый запрос получает отказ по частоте.',
    rule: { provider: 'amocrm', action: fixed(tooMany()) },
  },
  {
    id: 'amocrm-403-block',
    title: 'AmoCRM: блокирует интеграцию (403)',
    hint: 'Любой запрос, и за токеном тоже, получает страницу веб-сервера.',
    rule: { provider: 'amocrm', action: fixed(nginxPage(403)) },
  },
  {
    id: 'amocrm-402',
    title: 'AmoCRM: подписка закончилась (402)',
    hint: 'Аккаунт не оплачен.',
    rule: {
      provider: 'amocrm',
      path: '/api/v4/*',
      action: fixed(problem(402, 'Account subscription has expired')),
    },
  },
  {
    id: 'amocrm-hang',
    title: 'AmoCRM: зависает',
    hint: 'Соединение открыто, ответа нет, ничего не происходит.',
    rule: { provider: 'amocrm', action: { do: 'hang' } },
  },
  {
    id: 'amocrm-down',
    title: 'AmoCRM: не отвечает на соединение',
    hint: 'Каждое соединение сбрасывается.',
    rule: { provider: 'amocrm', action: { do: 'refuse' } },
  },
];
