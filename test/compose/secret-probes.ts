/** Who is let in with which secret, asked from within the stack. */
import { PARTS } from '../../scripts/stack/parts.ts';

const SERVICES = PARTS.filter(({ needs }) => needs.length > 0).map(({ name, ports }) => ({
  name,
  url: `http://${name}:${Object.values(ports)[0]}`,
}));

/**
 * A program for a container of the image: takes `{"before": secrets, "after": secrets}` as its argument, and prints for
 * each way in whether the old and the new secret open it.
 */
export const PROBES = `
import { createHmac, randomUUID } from 'node:crypto';
import { unsubscribeToken } from '/app/packages/shared/src/delivery/unsubscribe-token.ts';
const services = ${JSON.stringify(SERVICES)};
const api = 'http://landing-api:3000';
const { before, after } = JSON.parse(process.argv[1]);
const ask = (url, init) => fetch(url, { redirect: 'manual', ...init });
const post = (body, headers = {}) =>
  ({ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
const bearer = (token) => ({ authorization: 'Bearer ' + token });
/** Refused is 401 or 403; any other answer was given to somebody who is known. */
const isKnown = async (answer) => ![401, 403].includes((await answer).status);
const isThere = async (answer) => (await answer).status !== 404;
const key = async (url, apikey) => !(await (await ask(url, { headers: { apikey, authorization: 'Bearer ' + apikey } })).text()).includes('Invalid API key');
const status = api + '/api/landing/leads/01997f3a-2b1c-7000-8000-000000000000/status';
const stamp = Math.floor(Date.now() / 1000);
function resend(secret) {
  const [id, body] = [randomUUID(), { type: 'email.sent', created_at: new Date().toISOString(), data: {} }];
  const signature = createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(id + '.' + stamp + '.' + JSON.stringify(body)).digest('base64');
  return ask(api + '/api/webhooks/resend', post(body, { 'svix-id': id, 'svix-timestamp': String(stamp), 'svix-signature': 'v1,' + signature }));
}
function mailgun(secret) {
  const token = randomUUID().replaceAll('-', '').padEnd(50, '0');
  const signature = createHmac('sha256', secret).update(stamp + token).digest('hex');
  return ask(api + '/api/webhooks/mailgun', post({ signature: { timestamp: String(stamp), token, signature }, 'event-data': { event: 'opened' } }));
}
const ways = [
  ['ADMIN_TOKEN', (value) => isKnown(ask(status, { headers: bearer(value) }))],
  ['STATUS_TOKEN', (value) => isKnown(ask(status, { headers: bearer(value) }))],
  ...services.map(({ name, url }) => ['METRICS_TOKEN', (value) => isKnown(ask(url + '/metrics', { headers: bearer(value) })), name]),
  ['CAMPAIGNS_TOKEN', (value) => isKnown(ask('http://mailer-batch:3105/api/campaigns', { headers: bearer(value) }))],
  ['PLATFORM_TOKEN', (value) => isKnown(ask(api + '/api/platform/students', post({}, bearer(value))))],
  ['AMOCRM_WEBHOOK_SECRET', (value) => isThere(ask(api + '/api/webhooks/amocrm/' + value, post({})))],
  ['MOBIZON_WEBHOOK_SECRET', (value) => isThere(ask(api + '/api/webhooks/mobizon/' + value, post({})))],
  ['RESEND_WEBHOOK_SECRET', (value) => isKnown(resend(value))],
  ['MAILGUN_WEBHOOK_SIGNING_KEY', (value) => isKnown(mailgun(value))],
  ['UNSUBSCRIBE_SECRET', async (value) => (await ask(api + '/u/' + unsubscribeToken(randomUUID(), value))).status === 200],
  ['LANDING_SUPABASE_SERVICE_KEY', (value) => key('http://supabase-local:4001/rest/v1/landing_leads?limit=1', value)],
  ['LANDING_SUPABASE_PUBLISHABLE_KEY', (value) => key('http://supabase-local:4001/rest/v1/landing_leads?limit=1', value)],
  ['TRIPWIRE_SERVICE_ROLE_KEY', (value) => key('http://supabase-local:4002/rest/v1/students?limit=1', value)],
  ['MOBIZON_API_KEY', async (value) => (await (await ask('http://sandbox:4000/mobizon/service/user/getownbalance?output=json&apiKey=' + value)).json()).code === 0],
];
const answers = {};
for (const [secret, opens, where = ''] of ways)
  answers[(secret + ' ' + where).trim()] = { old: await opens(before[secret]), new: await opens(after[secret]) };
console.log(JSON.stringify(answers));
`;
