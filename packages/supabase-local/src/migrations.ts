/** Where the repository keeps the migrations of each project. */
import { fileURLToPath } from 'node:url';

/** Migrations of the landing project: leads, deliveries, campaigns. */
export const LANDING_MIGRATIONS = fileURLToPath(
  new URL('../../../supabase/migrations', import.meta.url),
);

/** Migrations of the tripwire project: `lead_tracking`. */
export const TRIPWIRE_MIGRATIONS = fileURLToPath(
  new URL('../../../supabase/tripwire/supabase/migrations', import.meta.url),
);
