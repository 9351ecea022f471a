import { z } from 'zod';
import { webhookTroubleSchema } from '../../world/webhooks.ts';
import { defaultFields, defaultPipelines } from '../store/seed.ts';

const id = z.number().int().min(1);
const whole = z.number().int().min(0);
const DAY_S = 24 * 3600;

/** Which changes a webhook can be asked to tell (Kommo "Webhooks general"). */
export const hookSettings = [
  ...['add_lead', 'update_lead', 'delete_lead', 'restore_lead', 'status_lead'],
  ...['responsible_lead', 'note_lead', 'add_contact', 'update_contact', 'delete_contact'],
  ...['restore_contact', 'responsible_contact', 'note_contact', 'add_company', 'update_company'],
  ...['delete_company', 'restore_company', 'responsible_company', 'note_company', 'add_task'],
  ...['delete_task', 'responsible_task', 'add_talk', 'add_message'],
] as const;

export const statusSchema = z.strictObject({
  id,
  name: z.string(),
  color: z.string().default('#99ccff'),
  /** Incoming ("неразобранное"): nothing can be moved there through the API. */
  incoming: z.boolean().default(false),
});

export const pipelineSchema = z.strictObject({
  id,
  name: z.string(),
  main: z.boolean().default(false),
  /** In order; won (142) and lost (143) come behind them by themselves. */
  statuses: z.array(statusSchema).min(1),
});

export const fieldTypes = [
  ...['text', 'textarea', 'numeric', 'checkbox', 'select', 'multiselect', 'date', 'date_time'],
  ...['url', 'multitext', 'tracking_data'],
] as const;

export const fieldSchema = z.strictObject({
  id,
  entity: z.enum(['leads', 'contacts', 'companies']),
  name: z.string(),
  code: z.string().nullable().default(null),
  type: z.enum(fieldTypes).default('text'),
  enums: z.array(z.strictObject({ id, value: z.string() })).default([]),
});

/** Everything about the AmoCRM account that a test or a person can set. */
export const amocrmSettingsSchema = z.strictObject({
  clientId: z.string().min(1).default('5d0c2a4e-7f3b-4f0e-9a57-1c6f5b1e0a01'),
  clientSecret: z.string().min(1).default('amocrm-sandbox-secret'),
  redirectUri: z.url().default('http://127.0.0.1:3000/api/amocrm/callback'),
  subdomain: z.string().default('leadwire'),
  accountId: id.default(31_850_330),
  accountName: z.string().default('Leadwire'),
  /** The one in whose name the integration acts; its changes carry this id. */
  integrationUserId: id.default(9_100_001),
  users: z.array(z.strictObject({ id, name: z.string(), email: z.string() })).default([
    { id: 9_100_001, name: 'Leadwire', email: 'crm@leadwire.kz' },
    { id: 9_100_002, name: 'Дана Менеджер', email: 'dana@leadwire.kz' },
    { id: 9_100_003, name: 'Ерлан Менеджер', email: 'erlan@leadwire.kz' },
  ]),
  /** Tokens of private integrations: no refresh, a set end. `integration` is whose rate limit they use. */
  longLivedTokens: z
    .array(
      z.strictObject({
        token: z.string().min(1),
        expiresAt: z.iso.datetime().nullable().default(null),
        integration: z.string().optional(),
      }),
    )
    .default([{ token: 'amocrm-sandbox-long-lived-token', expiresAt: null }]),
  codeSeconds: whole.default(20 * 60),
  accessTokenSeconds: whole.default(DAY_S),
  refreshTokenSeconds: whole.default(90 * DAY_S),
  /** Does a refresh kill the old access token too, not only the old refresh token? */
  refreshKillsAccess: z.boolean().default(true),
  ratePerSecond: z.number().int().min(1).default(7),
  /** The Russian page counts by integration, Kommo's by address. */
  rateScope: z.enum(['integration', 'ip']).default('integration'),
  accountRatePerSecond: z.number().int().min(1).default(50),
  /** So many excesses within the period block everything until the control plane lifts it; 0: never. */
  blockAfterExcesses: whole.default(10),
  blockPeriodMs: whole.default(60_000),
  tooManyBody: z.enum(['json', 'html', 'alternate']).default('alternate'),
  trouble: z.enum(['none', 'no-rights', 'subscription-ended']).default('none'),
  /** How long a write is missing from `query` and from filters by custom field. */
  indexLagMs: whole.default(0),
  /** `near`: like the real search it also finds what only resembles; `exact`: parts of words alone. */
  search: z.enum(['near', 'exact']).default('near'),
  /** Filters by custom field depend on the plan: served, silently ignored, or refused with 400. */
  customFieldFilter: z.enum(['served', 'ignored', 'refused']).default('served'),
  /** What a PATCH of one lead or contact answers: both shapes are documented. */
  singlePatchShape: z.enum(['object', 'wrapped']).default('object'),
  /** complex joins a new lead to an open one of a contact with the same phone or email. */
  duplicateControl: z.boolean().default(false),
  /** One call for each kind of change, or all kinds of one change together. */
  webhookCalls: z.enum(['each', 'together']).default('each'),
  pipelines: z.array(pipelineSchema).min(1).prefault(defaultPipelines),
  fields: z.array(fieldSchema).prefault(defaultFields),
  webhooks: z
    .array(
      z.strictObject({
        url: z.url({ protocol: /^https?$/ }),
        /** All when left out. */
        settings: z.array(z.enum(hookSettings)).optional(),
        trouble: webhookTroubleSchema.prefault({}),
      }),
    )
    .default([]),
});

export type AmocrmSettings = z.infer<typeof amocrmSettingsSchema>;
export type AmocrmOptions = z.input<typeof amocrmSettingsSchema>;
export type Pipeline = z.infer<typeof pipelineSchema>;
export type Status = z.infer<typeof statusSchema>;
export type Field = z.infer<typeof fieldSchema>;
