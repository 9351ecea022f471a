import { z } from 'zod';
import type { FacebookOptions } from './settings.ts';

/** Names that landing-api has too mean the same there. */
export const facebookEnv = {
  FACEBOOK_APP_SECRET: z.string().min(1).optional(),
  FACEBOOK_VERIFY_TOKEN: z.string().min(1).optional(),
  FACEBOOK_PAGE_TOKEN: z.string().min(1).optional(),
  /** Where the page tells of leads. */
  FACEBOOK_WEBHOOK_URL: z.url('expected a web address').optional(),
};

export function facebookOptionsFrom(
  env: z.infer<z.ZodObject<typeof facebookEnv>>,
): FacebookOptions {
  const { FACEBOOK_APP_SECRET: appSecret, FACEBOOK_VERIFY_TOKEN: verifyToken } = env;
  const { FACEBOOK_PAGE_TOKEN: pageToken, FACEBOOK_WEBHOOK_URL: webhookUrl } = env;
  return {
    ...(appSecret !== undefined && { appSecret }),
    ...(verifyToken !== undefined && { verifyToken }),
    ...(pageToken !== undefined && { pageToken }),
    ...(webhookUrl !== undefined && { webhookUrl }),
  };
}
