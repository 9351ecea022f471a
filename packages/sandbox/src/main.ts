/** The sandbox as a process: reads the environment, starts, stops at SIGTERM or SIGINT. */
import { pino } from 'pino';
import { readSandboxEnv, sandboxOptionsFrom } from './env.ts';
import { startSandbox } from './sandbox.ts';

const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
};

try {
  const env = readSandboxEnv(process.env);
  const log = pino({ level: env.LOG_LEVEL, base: { service: 'sandbox' } });
  const sandbox = await startSandbox({ ...sandboxOptionsFrom(env), log });
  const stop = (): void => void sandbox.close().then(() => process.exit(0), fail);
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
} catch (error) {
  fail(error);
}
