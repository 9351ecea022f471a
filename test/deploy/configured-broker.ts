/** A broker that runs deploy/nats.conf, with a password for each of its users. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@leadwire/testing/nats';
import { waitFor } from '@leadwire/testing/wait-for';

export const root = path.resolve(import.meta.dirname, '../..');

export const USERS = [
  ...(['admin', 'landing-api', 'notifier', 'lead-store', 'crm-sync'] as const),
  ...(['telegram-relay', 'mailer-batch', 'console', 'referrals', 'identity-sync'] as const),
];
export type User = (typeof USERS)[number];

export interface ConfiguredBroker {
  port: number;
  /** Where it keeps its streams; removed at the end. */
  folder: string;
  /** Its address with the user's password in it. */
  urlOf(user: User): string;
  /** What it has written so far: whatever a user was refused is in it. */
  log(): string;
  close(): Promise<void>;
}

const passwordOf = (user: User) => `p0${user.replace('-', '')}`;

/** Starts it on a free port. @throws when it is not ready in time. */
export async function startConfiguredBroker(): Promise<ConfiguredBroker> {
  const folder = await mkdtemp(path.join(tmpdir(), 'leadwire-nats-conf-'));
  const port = await freePort();
  const passwords = USERS.map((user): [string, string] => [
    `NATS_${user.replace('-', '_').toUpperCase()}_PASSWORD`,
    passwordOf(user),
  ]);
  const args = ['-c', 'deploy/nats.conf', '-a', '127.0.0.1', '-p', String(port)];
  const server = spawn(process.env['NATS_SERVER_BIN']!, [...args, '-m', String(await freePort())], {
    cwd: root,
    env: {
      NATS_STORE_DIR: folder,
      NATS_MAX_STORE: '1GB',
      ...(Object.fromEntries(passwords) as Record<string, string>),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await waitFor(() => log.includes('Server is ready'), { what: 'the broker' });
  return {
    port,
    folder,
    log: () => log,
    urlOf: (user) => `nats://${user}:${passwordOf(user)}@127.0.0.1:${port}`,
    async close() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
