import { z } from 'zod';
import { webhookTroubleSchema } from '../world/webhooks.ts';

/** Everything about the Facebook page and app that a test or a person can set. */
export const facebookSettingsSchema = z.strictObject({
  appSecret: z.string().min(1).default('facebook-sandbox-app-secret'),
  verifyToken: z.string().min(1).default('facebook-sandbox-verify-token'),
  /** Of a system user; null is a token that was withdrawn (error 190). */
  pageToken: z.string().nullable().default('facebook-sandbox-page-token'),
  pageId: z.string().regex(/^\d+$/).default('600000000000001'),
  /** landing-api's `/api/webhooks/facebook`; without it nothing is told and only the poll finds leads. */
  webhookUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  trouble: webhookTroubleSchema.prefault({}),
  /** Leads in one page of a list. */
  pageSize: z.number().int().min(1).default(25),
});
export type FacebookSettings = z.infer<typeof facebookSettingsSchema>;
export type FacebookOptions = z.input<typeof facebookSettingsSchema>;
