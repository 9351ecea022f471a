/** A broker as deploy/nats.conf has it, on a port and a folder of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@leadwire/testing/nats';
import { waitFor } from '@leadwire/testing/wait-for';

const root = path.resolve(import.meta.dirname, '../..');

export interface DeployedBroker {
  urlOf(user: string): string;
  /** What a client was refused, from the broker's log. */
  violations(): string[];
  close(): Promise<void>;
}

/** Every password that the file asks for is made up from its variable's name. */
export async function startDeployedBroker(): Promise<DeployedBroker> {
  const [folder, port, config] = await Promise.all([
    mkdtemp(path.join(tmpdir(), 'leadwire-nats-conf-')),
    freePort(),
    readFile(path.join(root, 'deploy/nats.conf'), 'utf8'),
  ]);
  const variables = [...config.matchAll(/\$(NATS_\w+_PASSWORD)$/gm)].map(([, name = '']) => name);
  const passwordOf = (variable: string) => `p0${variable.toLowerCase().replaceAll('_', '')}`;
  const args = ['-c', 'deploy/nats.conf', '-a', '127.0.0.1', '-p', String(port)];
  const server = spawn(process.env['NATS_SERVER_BIN']!, [...args, '-m', String(await freePort())], {
    cwd: root,
    env: {
      ...{ NATS_STORE_DIR: folder, NATS_MAX_STORE: '1GB' },
      ...Object.fromEntries(variables.map((name): [string, string] => [name, passwordOf(name)])),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  server.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  await waitFor(() => log.includes('Server is ready'), { what: 'the broker' });

  return {
    urlOf(user) {
      const variable = `NATS_${user.replaceAll('-', '_').toUpperCase()}_PASSWORD`;
      return `nats://${user}:${passwordOf(variable)}@127.0.0.1:${port}`;
    },
    violations: () => log.split('\n').filter((line) => /Violation/.test(line)),
    async close() {
      const ended = once(server, 'exit');
      server.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
