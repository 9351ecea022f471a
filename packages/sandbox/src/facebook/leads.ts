/** The leads of the page's forms, and what is told of them. */
import { createHmac } from 'node:crypto';
import type { World } from '../world/provider.ts';
import type { WebhookStyle } from '../world/webhooks.ts';
import type { FacebookSettings } from './settings.ts';

export type FacebookLead = {
  id: string;
  formId: string;
  /** Unix milliseconds. */
  createdAt: number;
  fields: Record<string, string>;
  adId: string | null;
};

const MINUTE = 60_000;
const TIMEOUT_MS = 10_000;
/** For 36 hours, ever more seldom. */
const RETRY_GAPS_MS = [MINUTE, 5 * MINUTE, 30 * MINUTE, 120 * MINUTE, 600 * MINUTE, 1_200 * MINUTE];

/** Signed over the body with the app's secret. */
export const facebookWebhookStyle: WebhookStyle = {
  provider: 'facebook',
  retryGapsMs: RETRY_GAPS_MS,
  timeoutMs: TIMEOUT_MS,
  isDelivered: (status) => status === 200,
  render: ({ payload, secrets: [secret = ''], trouble }) => {
    const body = JSON.stringify(payload);
    const used = trouble.signature === 'right' ? secret : 'another secret';
    const digest = createHmac('sha256', used).update(body).digest('hex');
    return { body, headers: { 'x-hub-signature-256': `sha256=${digest}` } };
  },
};

/** Ids are longer than a double holds, as the real ones may be. */
const FIRST_ID = 123456789012345000n;

export function createLeads(world: World, settings: () => FacebookSettings) {
  const table = world.store.table<FacebookLead>('facebook-leads');

  const tell = ({ id, formId, adId, createdAt }: FacebookLead): void => {
    const { webhookUrl, appSecret, pageId, trouble } = settings();
    if (webhookUrl === null) return;
    const seconds = Math.floor(createdAt / 1_000);
    const value = {
      leadgen_id: id,
      form_id: formId,
      page_id: pageId,
      created_time: seconds,
      ...(adId !== null && { ad_id: adId }),
    };
    const entry = [{ id: pageId, time: seconds, changes: [{ field: 'leadgen', value }] }];
    world.webhooks.send({
      id: world.random.uuid(),
      provider: 'facebook',
      url: webhookUrl,
      secrets: [appSecret],
      trouble,
      payload: { object: 'page', entry },
    });
  };

  return {
    get: (id: string) => table.get(id),
    all: () => table.all(),
    count: () => table.size(),
    ofForm: (formId: string, after: number) =>
      table.all().filter((lead) => lead.formId === formId && lead.createdAt > after),
    forms: () => [...new Set(table.all().map(({ formId }) => formId))],
    /** A person filled the form in; `isTold: false` is a hook that got lost. */
    add(given: {
      formId: string;
      fields: Record<string, string>;
      adId: string | null;
      isTold: boolean;
    }) {
      const { isTold, ...rest } = given;
      const id = String(FIRST_ID + BigInt(table.size()) + 1n);
      const lead = { ...rest, id, createdAt: world.clock.now() };
      table.put(id, lead);
      if (isTold) tell(lead);
      world.changed();
      return lead;
    },
  };
}
export type FacebookLeads = ReturnType<typeof createLeads>;
