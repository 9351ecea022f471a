/** What stands before the routes: whose pages may post, who may say for whom they speak, how many requests they make. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Alerts } from '@leadwire/shared/coordination/alerts';
import { RequestError } from '@leadwire/shared/service/http-problems';

const MINUTE_MS = 60_000;
/** A link that a campaign has brought to thousands behind one operator's address. */
const LINKS_PER_MINUTE = 3_000;
/** Everything else: pages, addresses that are not there. */
export const PAGES_PER_MINUTE = 120;

/** A route with this has a counter of its own for each address: who floods one is not kept from another. */
export const ownCounter = (perMinute = LINKS_PER_MINUTE) => ({
  rateLimit: { max: perMinute, timeWindow: MINUTE_MS },
});

export interface OriginRules {
  /** The sites whose pages may post. */
  origins: readonly string[];
  alerts: Pick<Alerts, 'raise' | 'resolve'>;
}

const ORIGIN = 'origin_refused';
const fromPage = (site: string) => `со страницы ${site},`;

/**
 * Refuses a post that a browser made on a page which is not ours, whatever its content type: a form on any page can
 * post text or fields without being asked (no CORS). Programs send no Origin. People hear which site it was, and that it may
 * post now: the service has been started again with its address.
 */
export function refuseOtherOrigins({ origins, alerts }: OriginRules) {
  const untold = new Set(origins);
  const tellAllowed = (origin: string): void => {
    if (!untold.delete(origin)) return;
    const ifTold = (message: string) => message.includes(fromPage(origin));
    alerts
      .resolve(ORIGIN, `Заявки со страницы ${origin} принимаются.`, { ifTold })
      .catch(() => untold.add(origin));
  };
  return (request: FastifyRequest, _reply: unknown, next: (error?: Error) => void): void => {
    const { origin, host } = request.headers;
    const isOurs = origin === undefined || origins.includes(origin) || hostOf(origin) === host;
    if (request.method !== 'POST') return next();
    if (isOurs) {
      if (origin !== undefined) tellAllowed(origin);
      return next();
    }
    const site = /^https?:\/\/[\w.:-]{1,100}$/.test(origin) ? origin : 'неизвестной страницы';
    const message =
      `Форма отправлена ${fromPage(site)} её адреса нет в CORS_ORIGINS. ` +
      'Если страница ваша, добавьте её адрес в CORS_ORIGINS и перезапустите landing-api.';
    alerts
      .raise({ severity: 'warning', what: ORIGIN, message })
      .catch((err: unknown) => request.log.debug({ err }, 'the alert was not published'));
    request.log.warn({ origin: site }, 'a form was posted from a page that is not ours');
    next(new RequestError(403, 'this page may not post here: its origin is not allowed'));
  };
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/**
 * Says aloud, once, that somebody whom TRUST_PROXY does not name speaks for others: all visitors behind such a proxy
 * count as one, and share one rate limit. It is over when a proxy is believed.
 */
export function watchProxies(
  app: FastifyInstance,
  alerts: Pick<Alerts, 'raise' | 'resolve'>,
): void {
  const WHAT = 'untrusted_proxy';
  let isSaid = false;
  let isBelieved = false;
  app.addHook('onRequest', (request, _reply, next) => {
    const { 'x-forwarded-for': forwarded } = request.headers;
    const peer = request.socket.remoteAddress;
    if (forwarded !== undefined) {
      const isTrusted = request.ip !== peer;
      if (isTrusted && !isBelieved) {
        isBelieved = true;
        alerts.resolve(WHAT, 'Адреса посетителей видны.').catch(() => (isBelieved = false));
      }
      if (!isTrusted && !isSaid) {
        isSaid = true;
        const message =
          `Запросы приходят через прокси ${peer}, которому TRUST_PROXY не доверяет: все посетители считаются одним ` +
          'адресом и делят один лимит. Укажите адрес прокси в TRUST_PROXY и перезапустите landing-api.';
        request.log.warn(
          { peer },
          'X-Forwarded-For from an address that TRUST_PROXY does not name',
        );
        alerts.raise({ severity: 'warning', what: WHAT, message }).catch(() => (isSaid = false));
      }
    }
    next();
  });
}
