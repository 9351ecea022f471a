/** The parts of the dev stack, in the order in which they are told of. A new service is one row. */

export type Part = {
  name: string;
  /** The program: a TypeScript file for Node, or nats-server. */
  entry: string;
  /**
   * Variables that carry a port, with the default; the first one answers `health`. Below 32768: from there on Linux
   * hands ports out by itself, so one that was free a moment ago may be somebody's when the part listens.
   */
  ports: Readonly<Record<string, number>>;
  health: string;
  /**
   * Parts that are healthy before this one starts, and stopped after it: one that looks for what is not there yet says
   * so, on everybody's first screen. The database takes longest; who can do without it does not wait for it.
   */
  needs: readonly string[];
  /** Left out when the environment names something outside that takes its place. */
  isReplaced?: (env: NodeJS.ProcessEnv) => boolean;
};

export const NATS_ENTRY = 'nats-server';
const EVERYTHING = ['nats', 'sandbox', 'supabase-local'];

export const PARTS: readonly Part[] = [
  {
    name: 'nats',
    entry: NATS_ENTRY,
    ports: { NATS_MONITOR_PORT: 8222, NATS_PORT: 4222 },
    health: '/healthz',
    needs: [],
    isReplaced: (env) => Boolean(env['NATS_URL']),
  },
  {
    name: 'supabase-local',
    entry: 'packages/supabase-local/src/main.ts',
    // It listens on the second one last, so that one being healthy means both are.
    ports: { TRIPWIRE_SUPABASE_PORT: 4002, LANDING_SUPABASE_PORT: 4001 },
    health: '/healthz',
    needs: [],
    isReplaced: (env) => Boolean(env['LANDING_SUPABASE_URL'] && env['TRIPWIRE_SUPABASE_URL']),
  },
  {
    name: 'sandbox',
    entry: 'packages/sandbox/src/main.ts',
    ports: { PORT: 4000 },
    health: '/__sim/health',
    needs: [],
  },
  {
    name: 'lead-store',
    entry: 'services/lead-store/src/main.ts',
    ports: { PORT: 3102 },
    health: '/readyz',
    needs: EVERYTHING,
  },
  {
    name: 'notifier',
    entry: 'services/notifier/src/main.ts',
    ports: { PORT: 3101 },
    health: '/readyz',
    needs: ['nats', 'sandbox'],
  },
  {
    name: 'crm-sync',
    entry: 'services/crm-sync/src/main.ts',
    ports: { PORT: 3103 },
    health: '/readyz',
    needs: ['nats', 'sandbox'],
  },
  {
    name: 'telegram-relay',
    entry: 'services/telegram-relay/src/main.ts',
    ports: { PORT: 3104 },
    health: '/readyz',
    needs: EVERYTHING,
  },
  {
    name: 'mailer-batch',
    entry: 'services/mailer-batch/src/main.ts',
    ports: { PORT: 3105 },
    health: '/readyz',
    needs: EVERYTHING,
  },
  {
    name: 'referrals',
    entry: 'services/referrals/src/main.ts',
    ports: { PORT: 3107 },
    health: '/readyz',
    needs: EVERYTHING,
  },
  {
    name: 'identity-sync',
    entry: 'services/identity-sync/src/main.ts',
    ports: { PORT: 3108 },
    health: '/readyz',
    needs: EVERYTHING,
  },
  {
    name: 'console',
    entry: 'services/console/src/main.ts',
    ports: { PORT: 3106 },
    health: '/readyz',
    needs: EVERYTHING,
  },
  {
    name: 'landing-api',
    entry: 'services/landing-api/src/main.ts',
    ports: { PORT: 3000 },
    health: '/readyz',
    needs: ['nats', 'sandbox'],
  },
];
