import { baseUrl, commonEnv, milliseconds } from '@leadwire/shared/runtime/env';
import { sendingEnv } from '@leadwire/shared/providers/accounts';
import { z } from 'zod';

export const envSchema = z.object({
  ...commonEnv({ port: 3101 }),
  ...sendingEnv,
  NOTIFY_DELAY_MS: milliseconds(10 * 60_000),
  NOTIFY_MAX_AGE_MS: milliseconds(24 * 60 * 60_000),
  PROFTEST_RESULT_URL: baseUrl('the page with test results'),
  COURSE_URL: baseUrl('the page of the course'),
  MOBIZON_BALANCE_ALERT_BELOW: z.coerce
    .number('expected an amount of money')
    .min(0, 'expected an amount of money, 0 or more')
    .default(1_000),
});
export type NotifierEnv = z.infer<typeof envSchema>;
