import { staffProjectEnv } from '@leadwire/operations/staff/projects';
import {
  commonEnv,
  hourOfDay,
  milliseconds,
  timeZone,
  together,
} from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';

export const envSchema = z
  .object({
    ...commonEnv({ port: 3108 }),
    ...accessEnv,
    /** Each project may be left out; it is caught up when it is given. */
    ...staffProjectEnv,
    /** How often everybody who has not arrived somewhere is tried again, those with a conflict too. */
    IDENTITY_LOOK_EVERY_MS: milliseconds(600_000),
    TIME_ZONE: timeZone,
    /** The hour, of TIME_ZONE, at which admins are told what the checks of the day found. */
    UPKEEP_HOUR: hourOfDay('off'),
  })
  .check(together('LANDING_SUPABASE_URL', 'LANDING_SUPABASE_SERVICE_KEY'))
  .check(together('TRIPWIRE_SUPABASE_URL', 'TRIPWIRE_SERVICE_ROLE_KEY'))
  .check(together('TRAFFIC_SUPABASE_URL', 'TRAFFIC_SERVICE_ROLE_KEY'))
  .check(together('SUPABASE_URL', 'SUPABASE_SERVICE_ROLE_KEY'));

export type IdentityEnv = z.infer<typeof envSchema>;
