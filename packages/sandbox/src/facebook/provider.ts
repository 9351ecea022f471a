/** Facebook as a provider of the sandbox: the part of the Graph API that lead forms need, and its hooks. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { html, showTime } from '../pages/html.ts';
import type { Provider, ProviderAnswer, ProviderRequest, World } from '../world/provider.ts';
import { createSettings } from '../world/settings.ts';
import {
  createLeads,
  facebookWebhookStyle,
  type FacebookLead,
  type FacebookLeads,
} from './leads.ts';
import { facebookSettingsSchema, type FacebookOptions, type FacebookSettings } from './settings.ts';

/** A form that is there before anybody filled one in. */
export const SAMPLE_FORM = '700000000000001';
const TEST_VALUE = (field: string) => `<test lead: dummy data for ${field}>`;

const newLeadSchema = z.strictObject({
  formId: z.string().regex(/^\d+$/).default(SAMPLE_FORM),
  fields: z.record(z.string(), z.string()),
  adId: z.string().nullable().default('800000000000001'),
  /** False: the hook gets lost, and only a poll finds the lead. */
  tell: z.boolean().default(true),
});

/** As the real tool makes it: organic, marked by its values alone. */
function addTestLead(leads: FacebookLeads, formId: string): FacebookLead {
  const fields = { full_name: TEST_VALUE('full_name'), email: 'test@fb.com' };
  return leads.add({ formId, fields, adId: null, isTold: true });
}

type Parts = { settings: () => FacebookSettings; leads: FacebookLeads };

/** Makes the provider. Throws a ZodError for options it cannot use. */
export function createFacebook(world: World, options: FacebookOptions = {}): Provider {
  const settings = createSettings(facebookSettingsSchema, options);
  const leads = createLeads(world, settings.read);
  const parts: Parts = { settings: settings.read, leads };
  world.webhooks.style(facebookWebhookStyle);

  return {
    name: 'facebook',
    answer: async (request) => {
      await request.pass('before-auth');
      return answer(request, parts);
    },
    failure: (status) => graphError(status, 2, 'An unexpected error has occurred.'),
    settings,
    presets: [
      {
        id: 'facebook-down',
        title: 'Facebook: не отдаёт заявки',
        hint: 'Хук приходит, а саму заявку Graph API не отдаёт. Её заберёт опрос.',
        rule: { provider: 'facebook', action: { do: 'refuse', status: 500 } },
      },
    ],
    page: {
      title: 'Facebook',
      count: () => leads.count(),
      summary: () =>
        html`Заявки из рекламы. Новую можно отправить на странице
          <a href="/senders/">Отправители</a>.`,
      list: () =>
        html`<ul>
          ${leads.all().toReversed().map(listItem)}
        </ul>`,
      item: (id) => {
        const lead = leads.get(id);
        return lead && html`<pre>${JSON.stringify(lead, null, 2)}</pre>`;
      },
    },
    control: (app) => controlRoutes(app, parts),
    resume: () => undefined,
    reset: () => settings.reset(),
  };
}

const listItem = ({ id, createdAt, fields }: FacebookLead) =>
  html`<li>
    <a href="/inbox/facebook/${id}">${fields['full_name'] ?? id}</a> ${showTime(createdAt)}
  </li>`;

function answer(request: ProviderRequest, { settings, leads }: Parts): ProviderAnswer {
  const { pageToken, pageId, pageSize } = settings();
  const [, token] = /^(?:Bearer|OAuth) (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (pageToken === null || token !== pageToken) {
    return graphError(400, 190, 'Error validating access token: The session has been invalidated.');
  }
  // Versions stand in front: /v23.0/…
  const [, first = '', second] =
    /^(?:\/v\d+\.\d+)?\/([^/]+)(?:\/([^/]+))?$/.exec(request.path) ?? [];
  const query = new URLSearchParams(request.query);
  if (request.method === 'POST' && second === 'test_leads') {
    return ok({ id: addTestLead(leads, first).id });
  }
  if (second === 'leadgen_forms' && (first === 'me' || first === pageId)) {
    const ids = [...new Set([SAMPLE_FORM, ...leads.forms()])];
    return ok({ data: ids.map((id) => ({ id })) });
  }
  if (second === 'leads')
    return ok(pageOf(leads.ofForm(first, createdAfter(query)), query, pageSize));
  const lead = second === undefined ? leads.get(first) : undefined;
  if (lead !== undefined) return ok(shownLead(lead, query));
  return graphError(400, 100, `Unsupported get request. Object with ID '${first}' does not exist`);
}

/** `filtering=[{"field":"time_created","operator":"GREATER_THAN","value":<seconds>}]`, in milliseconds. */
function createdAfter(query: URLSearchParams): number {
  const schema = z.array(z.looseObject({ field: z.string(), value: z.number() }));
  const filters = schema.safeParse(JSON.parse(query.get('filtering') ?? '[]')).data ?? [];
  return (filters.find(({ field }) => field === 'time_created')?.value ?? 0) * 1_000;
}

function pageOf(all: FacebookLead[], query: URLSearchParams, pageSize: number) {
  const start = Number(query.get('after') ?? 0);
  const size = Math.min(Number(query.get('limit') ?? pageSize), pageSize);
  const end = start + size;
  const data = all.slice(start, end).map((lead) => shownLead(lead, query));
  const paging =
    end < all.length ? { paging: { cursors: { after: String(end) }, next: 'more' } } : {};
  return { data, ...paging };
}

/** Only the fields that were asked for; without any, the id and the time. */
function shownLead({ id, formId, createdAt, fields, adId }: FacebookLead, query: URLSearchParams) {
  const asked = (query.get('fields') ?? 'created_time').split(',');
  const whole: Record<string, unknown> = {
    created_time: new Date(createdAt).toISOString().replace('.000Z', '+0000'),
    form_id: formId,
    field_data: Object.entries(fields).map(([name, value]) => ({ name, values: [value] })),
    is_organic: adId === null,
    ...(adId !== null && {
      ad_id: adId,
      ad_name: 'Видео 1',
      campaign_name: 'spring',
      platform: 'fb',
    }),
  };
  const shown = Object.entries(whole).filter(([name]) => asked.includes(name));
  return { id, ...Object.fromEntries(shown) };
}

function ok(value: unknown): ProviderAnswer {
  return { status: 200, headers: json, body: JSON.stringify(value), accepted: true };
}

function graphError(status: number, code: number, message: string): ProviderAnswer {
  const error = { message, type: 'OAuthException', code, fbtrace_id: 'sandbox' };
  return { status, headers: json, body: JSON.stringify({ error }), accepted: false };
}

const json = { 'content-type': 'application/json; charset=UTF-8' };

/** People at work: somebody fills a form in, an administrator connects the hook. */
function controlRoutes(app: FastifyInstance, { leads, settings }: Parts): void {
  const isHooked = () => settings().webhookUrl !== null;
  app.post('/leads', (request) => {
    const { tell, ...lead } = newLeadSchema.parse(request.body);
    return { ...leads.add({ ...lead, isTold: tell }), isTold: tell && isHooked() };
  });
  app.post('/test-leads', () => ({ ...addTestLead(leads, SAMPLE_FORM), isTold: isHooked() }));
  app.get('/leads', () => ({ leads: leads.all() }));
  /** What Facebook does when the address is typed in: it must echo the challenge. */
  app.post('/verify', async (_request, reply) => {
    const { webhookUrl, verifyToken } = settings();
    if (webhookUrl === null) return reply.code(409).send({ error: 'webhookUrl is not set' });
    const query = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.verify_token': verifyToken,
      'hub.challenge': '1158201444',
    });
    const response = await fetch(`${webhookUrl}?${query.toString()}`);
    return { status: response.status, isEchoed: (await response.text()) === '1158201444' };
  });
}
