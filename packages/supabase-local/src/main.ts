/** Both projects in one process: landing and tripwire. */
import { join } from 'node:path';
import { pino } from 'pino';
import { readEnv } from './env.ts';
import { startProject } from './project.ts';
import { LANDING_MIGRATIONS, TRIPWIRE_MIGRATIONS } from './migrations.ts';

function loadEnv() {
  try {
    return readEnv(process.env);
  } catch (error) {
    process.stderr.write(`${String((error as Error).message)}\n`);
    process.exit(1);
  }
}

const env = loadEnv();
const log = pino({ name: 'supabase-local', level: env.LOG_LEVEL });

try {
  const common = { host: env.HOST, log };
  const landing = await startProject({
    ...common,
    port: env.LANDING_SUPABASE_PORT,
    dataDir: join(env.SUPABASE_DATA_DIR, 'landing'),
    serviceKey: env.LANDING_SUPABASE_SERVICE_KEY,
    publishableKey: env.LANDING_SUPABASE_PUBLISHABLE_KEY,
    siteUrl: env.CONSOLE_URL,
    mail:
      env.RESEND_BASE_URL === undefined
        ? undefined
        : {
            baseUrl: env.RESEND_BASE_URL,
            apiKey: env.RESEND_API_KEY,
            from: env.RESEND_FROM_EMAIL,
          },
    migrationsDir: LANDING_MIGRATIONS,
  });
  log.info({ project: 'landing', url: landing.url, applied: landing.applied }, 'listening');
  const tripwire = await startProject({
    ...common,
    port: env.TRIPWIRE_SUPABASE_PORT,
    dataDir: join(env.SUPABASE_DATA_DIR, 'tripwire'),
    serviceKey: env.TRIPWIRE_SERVICE_ROLE_KEY,
    migrationsDir: TRIPWIRE_MIGRATIONS,
  });
  log.info({ project: 'tripwire', url: tripwire.url, applied: tripwire.applied }, 'listening');

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'stopping');
    await Promise.all([landing.close(), tripwire.close()]);
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => void stop(signal));
  process.once('SIGINT', (signal) => void stop(signal));
} catch (error) {
  log.fatal({ err: error }, 'cannot start');
  process.exit(1);
}
