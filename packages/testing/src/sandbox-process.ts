import { connectSandbox, type SandboxControl } from '@leadwire/sandbox/control-client';
import { startServiceProcess, type ServiceProcess } from './service-process.ts';
import { FROM_EMAIL, MOBIZON_KEY, RATE_PER_SECOND } from './settings.ts';

/** A sandbox that is a process of its own, and the way to steer it. */
export interface SandboxProcess extends ServiceProcess {
  readonly control: SandboxControl;
}

/**
 * The sandbox as a process: when requests arrive at it is not held up by the tests. Limits are wide unless `env` says
 * otherwise. @throws as `startServiceProcess`.
 */
export async function startSandboxProcess(
  env: Record<string, string> = {},
): Promise<SandboxProcess> {
  const service = await startServiceProcess({
    entry: 'packages/sandbox/src/main.ts',
    env: {
      RESEND_FROM_EMAIL: FROM_EMAIL,
      SANDBOX_RESEND_RATE_PER_SECOND: String(RATE_PER_SECOND),
      MOBIZON_API_KEY: MOBIZON_KEY,
      SANDBOX_MOBIZON_RATE_PER_SECOND: String(RATE_PER_SECOND),
      ...env,
    },
    until: 'listening',
  });
  return { ...service, control: connectSandbox(service.url) };
}
