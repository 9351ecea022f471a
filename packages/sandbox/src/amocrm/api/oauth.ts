/** `/oauth2/access_token`, and `/oauth`: the page on which an administrator lets the integration in. */
import { html } from '../../pages/html.ts';
import type { ProviderAnswer, ProviderRequest } from '../../world/provider.ts';
import { oauthProblem } from './answers.ts';
import { readObject } from './body.ts';
import type { AmocrmSettings } from '../lifecycle/settings.ts';
import type { Tokens } from '../store/tokens.ts';

export const TOKEN_PATH = /^\/oauth2\/access_token$/;
export const CONSENT_PATH = /^\/oauth$/;

/** The token endpoint: plain JSON, or an OAuth problem. */
export function answerToken(request: ProviderRequest, tokens: Tokens): ProviderAnswer {
  if (request.method !== 'POST') throw oauthProblem(400, 'Check the HTTP method');
  const pair = tokens.exchange(readObject(request));
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(pair),
    accepted: true,
  };
}

/** The consent step: shown with GET, and with POST it sends the browser back with a code. */
export function answerConsent(
  request: ProviderRequest,
  settings: AmocrmSettings,
  tokens: Tokens,
): ProviderAnswer {
  const query = new URLSearchParams(request.query);
  const state = query.get('state') ?? '';
  if (query.get('client_id') !== settings.clientId) return page(400, unknownIntegration());
  if (request.method !== 'POST') return page(200, consent(settings, state));
  const isAllowed = new URLSearchParams(request.body.toString('utf8')).get('answer') === 'allow';
  const back = new URL(settings.redirectUri);
  const given = isAllowed
    ? { code: tokens.issueCode().code, referer: `${settings.subdomain}.amocrm.ru`, platform: '1' }
    : { error: 'access_denied' };
  const all = { ...given, client_id: settings.clientId, ...(state !== '' && { state }) };
  for (const [name, value] of Object.entries(all)) back.searchParams.set(name, value);
  return { status: 302, headers: { location: back.href }, body: '', accepted: true };
}

function page(status: number, content: ReturnType<typeof html>): ProviderAnswer {
  const body = html`<!doctype html>
    <html lang="ru" data-theme="light">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>AmoCRM · доступ (песочница)</title>
        <link rel="icon" href="/inbox/assets/icon.svg" />
        <link rel="stylesheet" href="/inbox/assets/inbox.css" />
        <link rel="stylesheet" href="/inbox/assets/board.css" />
      </head>
      <body>
        <main class="consent">${content}</main>
      </body>
    </html>`.markup;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  };
  return { status, headers, body, accepted: status === 200 };
}

const consent = ({ accountName, redirectUri }: AmocrmSettings, state: string) =>
  html`<h1>Разрешить доступ к AmoCRM?</h1>
    <p>
      Интеграция <b>Leadwire</b> просит доступ к аккаунту <b>${accountName}</b>: сделки, контакты,
      примечания, воронки.
    </p>
    <p class="hint">
      Это песочница: она играет страницу согласия AmoCRM. После разрешения браузер уйдёт на
      <code>${redirectUri}</code> с кодом, который действует 20 минут и только один
      раз${state !== '' && html`; метка <code>${state}</code> вернётся вместе с ним`}.
    </p>
    <form method="post">
      <button class="main" name="answer" value="allow">Разрешить</button>
      <button name="answer" value="deny">Отказать</button>
    </form>`;

const unknownIntegration = () =>
  html`<h1>Интеграция не найдена</h1>
    <p>
      В адресе указан <code>client_id</code>, которого в этом аккаунте нет. Проверьте
      <code>AMOCRM_CLIENT_ID</code>.
    </p>`;
