/** Where the repository keeps the SQL of each project: what the database is, and how one gets there. */
import { fileURLToPath } from 'node:url';

const folder = (path: string) =>
  fileURLToPath(new URL(`../../../supabase/${path}`, import.meta.url));

/** Migrations of the landing project: leads, deliveries, campaigns. */
export const LANDING_MIGRATIONS = folder('migrations');
/** What these migrations lead to: files that are read in the order of their names. */
export const LANDING_SCHEMAS = folder('schemas');

/** Migrations of the tripwire project: `lead_tracking`. */
export const TRIPWIRE_MIGRATIONS = folder('tripwire/supabase/migrations');
export const TRIPWIRE_SCHEMAS = folder('tripwire/supabase/schemas');

/** Migrations of the traffic project: targetologists and their days. Its owner keeps more tables there. */
export const TRAFFIC_MIGRATIONS = folder('traffic/supabase/migrations');
export const TRAFFIC_SCHEMAS = folder('traffic/supabase/schemas');

/** Migrations of the platform's main project: who works here, and where its students came from. */
export const MAIN_MIGRATIONS = folder('main/supabase/migrations');
export const MAIN_SCHEMAS = folder('main/supabase/schemas');
