/** The whole product for browser tests: the real services in the test's process, on a broker and a database of their own. */
import { readSandboxEnv, sandboxOptionsFrom } from '@leadwire/sandbox/env';
import { startSandbox, type Sandbox } from '@leadwire/sandbox/sandbox';
import { freePort, startNats } from '@leadwire/testing/nats';
import { startServiceHere } from '@leadwire/testing/service-here';
import { ADMIN_TOKEN, MOBIZON_KEY, notifierEnv } from '@leadwire/testing/settings';
import { startSupabase } from '@leadwire/testing/supabase';
import { app as landingApi } from '../../services/landing-api/src/app.ts';
import { app as leadStore } from '../../services/lead-store/src/app.ts';
import { app as notifier } from '../../services/notifier/src/app.ts';

/** Long enough to see a message wait, short enough to see it leave. */
const NOTIFY_DELAY_MS = 2_500;

export interface Stack {
  /** Providers, inbox page and forms page. */
  sandbox: Sandbox;
  apiUrl: string;
  close(): Promise<void>;
}

/** Resolves when every part is ready. Close it when the tests are over. */
export async function startStack(): Promise<Stack> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  const own = async <Part>(starting: Promise<Part>, closer: (part: Part) => Promise<unknown>) => {
    const part = await starting;
    closers.push(() => closer(part));
    return part;
  };

  try {
    // landing-api has to know the page's origin, and the page landing-api's address.
    const apiPort = await freePort();
    const apiUrl = `http://127.0.0.1:${apiPort}`;
    const [nats, supabase, sandbox] = await Promise.all([
      own(startNats(), (part) => part.close()),
      own(startSupabase(), (part) => part.close()),
      own(startSandbox(sandboxOptions(apiUrl)), (part) => part.close()),
    ]);
    const env = {
      ...serviceEnv(sandbox, apiUrl),
      ...supabase.env,
      NATS_URL: nats.url,
    };
    await Promise.all([
      own(startServiceHere(landingApi, { ...env, PORT: String(apiPort) }), (part) => part.stop()),
      own(startServiceHere(notifier, env), (part) => part.stop()),
      own(startServiceHere(leadStore, env), (part) => part.stop()),
    ]);
    return { sandbox, apiUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As `npm start` has it: from environment variables. */
function sandboxOptions(apiUrl: string) {
  const env = { PORT: '0', LANDING_API_URL: apiUrl, ADMIN_TOKEN, MOBIZON_API_KEY: MOBIZON_KEY };
  return sandboxOptionsFrom(readSandboxEnv(env));
}

function serviceEnv(sandbox: Sandbox, apiUrl: string): Record<string, string> {
  return {
    ADMIN_TOKEN,
    ...notifierEnv(sandbox.url),
    // As the sandbox that `npm start` has.
    RESEND_RATE_PER_SECOND: '5',
    MOBIZON_RATE_PER_SECOND: '10',
    PUBLIC_BASE_URL: apiUrl,
    CORS_ORIGINS: sandbox.url,
    NOTIFY_DELAY_MS: String(NOTIFY_DELAY_MS),
  };
}
