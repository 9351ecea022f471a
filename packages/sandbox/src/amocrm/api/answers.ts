/** How AmoCRM words its answers: hal+json, problem+json, the OAuth server's problems, and nginx in front of it all. */
import type { ProviderAnswer } from '../../world/provider.ts';

export type FieldError = { code: string; path: string; detail: string };
export type ItemErrors = { request_id: string; errors: FieldError[] };

const TITLES: Record<number, string> = {
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Request Entity Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
};

/** A refusal; thrown by whatever finds the fault, answered in one place. */
export class AmoError extends Error {
  override readonly name = 'AmoError';
  readonly answer: ProviderAnswer;
  constructor(answer: ProviderAnswer) {
    super(`AmoCRM answers ${answer.status}`);
    this.answer = answer;
  }
}

/** 200 with a hal+json body. */
export function done(body: unknown): ProviderAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/hal+json' },
    body: JSON.stringify(body),
    accepted: true,
  };
}

/** "Nothing found" and "deleted" alike: no body, no content type. */
export function nothing(): ProviderAnswer {
  return { status: 204, headers: {}, body: '', accepted: true };
}

/** A problem as AmoCRM's API words it. */
export function problem(
  status: number,
  detail: string,
  more: Record<string, unknown> = {},
): ProviderAnswer {
  return {
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({
      ...more,
      title: TITLES[status] ?? 'Error',
      type: `https://httpstatus.es/${status}`,
      status,
      detail,
    }),
    accepted: false,
  };
}

/** The same as an error to throw. */
export function refuse(status: number, detail: string): AmoError {
  return new AmoError(problem(status, detail));
}

/** One bad item refuses the whole array. */
export function invalid(items: ItemErrors[]): AmoError {
  return new AmoError(problem(400, 'Request validation failed', { 'validation-errors': items }));
}

/** The OAuth server's problem; `hint` is what tells one from another. */
export function oauthProblem(status: 400 | 401, hint: string): AmoError {
  const [title, detail] =
    status === 400
      ? ['Некорректный запрос', 'В запросе отсутствует ряд параметров или параметры невалидны']
      : ['Авторизация не удалась', 'Авторизационные данные недействительны'];
  const type = 'https://developers.amocrm.com/v3/errors/OAuthProblemJson';
  return new AmoError({
    status,
    headers: { 'content-type': 'application/problem+json' },
    body: JSON.stringify({ hint, title, type, status, detail }),
    accepted: false,
  });
}

/** The web server's own page: what a block, a flood or a breakdown looks like from outside. */
export function nginxPage(status: number): ProviderAnswer {
  const title = `${status} ${TITLES[status] ?? 'Error'}`;
  return {
    status,
    headers: { 'content-type': 'text/html' },
    body: `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`,
    accepted: false,
  };
}

/** AmoCRM's breakdown: its own 500 is a problem with a trace, the gateway's ones are nginx pages. */
export function failure(status: number): ProviderAnswer {
  if (status === 500) {
    return problem(500, 'Internal Server Error', { trace_id: '5f1d7a1c0e6b4a2f9d3c8b7a' });
  }
  return status > 500 || status === 413 ? nginxPage(status) : problem(status, TITLES[status] ?? '');
}
