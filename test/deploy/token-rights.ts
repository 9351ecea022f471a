/**
 * Who may ask which route of which service: what test/deploy/token-rights.int.test.ts tries with every token on the running
 * services. A new route needs its line, a new service its rows. HEAD is as GET; a method that has no line is answered 405.
 */
import type { Scope } from '@leadwire/shared/contract/access-tokens';
import { MAY } from '../../services/console/test/rights-table.ts';

/**
 * What opens a route: a token with this scope; nothing, it is for everybody; a proof of its own that is no token (a signature,
 * a secret part of the address); a person's login.
 */
export type Opener = Scope | 'nothing' | 'own proof' | 'login';
type Rows = Readonly<Record<string, Opener>>;

const INSIDE: Rows = {
  'GET /healthz': 'nothing',
  'GET /readyz': 'nothing',
  'GET /startedz': 'nothing',
  'GET /metrics': 'metrics',
};

const DOCS: Rows = {
  'GET /docs': 'nothing',
  'GET /docs/json': 'nothing',
  'GET /docs/static/*': 'nothing',
  'GET /docs/static/index.html': 'nothing',
  'GET /docs/static/swagger-initializer.js': 'nothing',
  'GET /docs/static/theme/docs.css': 'nothing',
  'GET /docs/yaml': 'nothing',
};

/** Each with the same opener. */
const all = (opener: Opener, ...routes: string[]): Rows =>
  Object.fromEntries(routes.map((route) => [route, opener]));

/** Service → route → what opens it. */
export const OPENERS: Readonly<Record<string, Rows>> = {
  'landing-api': {
    ...INSIDE,
    ...DOCS,
    ...all(
      'nothing',
      'OPTIONS *',
      'GET /',
      'GET /i/:name',
      'GET /r/:code',
      'GET /s/:code',
      'POST /api/landing/proftest',
      'POST /api/landing/proftest/:slug',
      'POST /api/landing/submit',
      'POST /api/forms/:form',
    ),
    ...all(
      'own proof',
      'GET /u/:token',
      'POST /u/:token',
      'POST /u/:token/restore',
      'GET /api/webhooks/facebook',
      'POST /api/webhooks/facebook',
      'POST /api/webhooks/amocrm/:secret',
      'POST /api/webhooks/mobizon/:secret',
      'POST /api/webhooks/mailgun',
      'POST /api/webhooks/resend',
    ),
    ...all('status', 'GET /api/landing/leads/:leadId/status'),
    ...all('admin', 'POST /api/forms/:form/test'),
    ...all(
      'platform',
      'POST /api/platform/students',
      'POST /api/platform/students/:id/lessons/:n/completed',
      'POST /api/platform/students/:id/refund',
      'POST /api/platform/referrers',
      'POST /api/platform/messages',
      'GET /api/platform/messages/:messageId',
    ),
  },
  notifier: INSIDE,
  'lead-store': INSIDE,
  'crm-sync': INSIDE,
  'telegram-relay': { ...INSIDE, ...all('own proof', 'POST /telegram/:bot/') },
  referrals: INSIDE,
  'identity-sync': INSIDE,
  'mailer-batch': {
    ...INSIDE,
    ...DOCS,
    ...all('nothing', 'GET /openapi.json'),
    ...all(
      'campaigns',
      'GET /api/campaigns',
      'POST /api/campaigns',
      'GET /api/campaigns/:id',
      'PATCH /api/campaigns/:id',
      'DELETE /api/campaigns/:id',
      'PUT /api/campaigns/:id/audience',
      'GET /api/campaigns/:id/preview',
      'GET /api/campaigns/:id/report',
      'GET /api/campaigns/:id/subjects',
      'POST /api/campaigns/:id/subjects',
      'POST /api/campaigns/:id/test',
      'POST /api/campaigns/:id/start',
      'POST /api/campaigns/:id/pause',
      'POST /api/campaigns/:id/resume',
      'POST /api/campaigns/:id/cancel',
      'POST /api/campaigns/:id/retry',
      'POST /api/campaigns/:id/copy',
      'POST /api/campaigns/:id/resend',
      'GET /api/exclusions',
      'POST /api/exclusions',
      'DELETE /api/exclusions',
      'GET /api/suppressions',
      'POST /api/suppressions',
      'DELETE /api/suppressions',
      'GET /api/segments',
      'POST /api/segments',
      'POST /api/segments/count',
      'PUT /api/segments/:id',
      'DELETE /api/segments/:id',
      'GET /api/sequences',
      'POST /api/sequences',
      'POST /api/sequences/stop',
      'GET /api/sequences/:id',
      'PUT /api/sequences/:id',
      'DELETE /api/sequences/:id',
      'POST /api/sequences/:id/on',
      'POST /api/sequences/:id/off',
      'POST /api/sequences/:id/stop',
      'GET /api/templates',
      'GET /api/texts',
      'GET /api/texts/:name',
      'PUT /api/texts/:name',
      'DELETE /api/texts/:name',
      'GET /api/texts/:name/preview',
      'GET /api/texts/:name/versions',
      'POST /api/texts/:name/check',
      'POST /api/texts/:name/restore',
      'POST /api/pictures',
    ),
  },
  console: {
    ...INSIDE,
    // Which role may see which of them is the table of services/console/test/rights-table.ts.
    ...all('login', 'GET /live', ...Object.keys(MAY)),
    ...all(
      'nothing',
      'GET /assets/*',
      'GET /login',
      'GET /forgot',
      'POST /forgot',
      'POST /theme',
      'POST /logout',
      'GET /auth/confirm',
    ),
    ...all('own proof', 'POST /login', 'POST /auth/confirm'),
  },
};
