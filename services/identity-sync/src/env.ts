import { staffProjectEnv } from '@leadwire/operations/staff/projects';
import { commonEnv, milliseconds, timeZone } from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';

export const envSchema = z.object({
  ...commonEnv({ port: 3108 }),
  ...accessEnv,
  /** Each project may be left out; it is caught up when it is given. */
  ...staffProjectEnv,
  /** How often everybody who has not arrived somewhere is tried again, those with a conflict too. */
  IDENTITY_LOOK_EVERY_MS: milliseconds(600_000),
  TIME_ZONE: timeZone,
  /** The hour, of TIME_ZONE, at which admins are told what the checks of the day found. */
  UPKEEP_HOUR: z.literal('off').or(z.coerce.number().int().min(0).max(23)).default('off'),
});

export type IdentityEnv = z.infer<typeof envSchema>;
