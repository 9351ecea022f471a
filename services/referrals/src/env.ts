import { baseUrl, commonEnv, needs, referralProject } from '@leadwire/shared/runtime/env';
import { accessEnv } from '@leadwire/shared/service/access';
import { z } from 'zod';

const serviceKey = z.string().min(20, 'expected the service key of the project');

export const envSchema = z
  .object({
    ...commonEnv({ port: 3107 }),
    ...accessEnv,
    /** Where referrers and commissions are kept. The other project does not take its place. */
    REFERRAL_PROJECT: referralProject,
    LANDING_SUPABASE_URL: baseUrl('the landing project').optional(),
    LANDING_SUPABASE_SERVICE_KEY: serviceKey.optional(),
    TRIPWIRE_SUPABASE_URL: baseUrl('the tripwire project').optional(),
    TRIPWIRE_SERVICE_ROLE_KEY: serviceKey.optional(),
  })
  .check(
    needs(
      (env) => env['REFERRAL_PROJECT'] === 'main',
      ['LANDING_SUPABASE_URL', 'LANDING_SUPABASE_SERVICE_KEY'],
      'with REFERRAL_PROJECT=main',
    ),
  )
  .check(
    needs(
      (env) => env['REFERRAL_PROJECT'] === 'tripwire',
      ['TRIPWIRE_SUPABASE_URL', 'TRIPWIRE_SERVICE_ROLE_KEY'],
      'with REFERRAL_PROJECT=tripwire',
    ),
  );
export type ReferralsEnv = z.infer<typeof envSchema>;

/** The project named by REFERRAL_PROJECT. @throws Error when its address or key is not given. */
export function referralProjectOf(env: ReferralsEnv) {
  const isMain = env.REFERRAL_PROJECT === 'main';
  const url = isMain ? env.LANDING_SUPABASE_URL : env.TRIPWIRE_SUPABASE_URL;
  const serviceKey = isMain ? env.LANDING_SUPABASE_SERVICE_KEY : env.TRIPWIRE_SERVICE_ROLE_KEY;
  if (url !== undefined && serviceKey !== undefined) {
    return { project: isMain ? 'landing' : 'tripwire', url, serviceKey };
  }
  const needed = isMain
    ? 'LANDING_SUPABASE_URL and LANDING_SUPABASE_SERVICE_KEY'
    : 'TRIPWIRE_SUPABASE_URL and TRIPWIRE_SERVICE_ROLE_KEY';
  throw new Error(`REFERRAL_PROJECT=${env.REFERRAL_PROJECT} needs ${needed}`);
}
