/** Chooses the ports of the dev stack. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

/** How far above its default a port is looked for. */
const REACH = 100;

/** A listener on any of these is in the way: a browser may try each of them for "localhost". */
const INTERFACES = ['127.0.0.1', '0.0.0.0', '::'] as const;

/**
 * The wanted port, or the next one that is free; the result is added to `taken`.
 * @param taken ports that are promised to others but not listened on yet
 * @throws when no port within reach is free.
 */
export async function pickPort(wanted: number, taken: Set<number>): Promise<number> {
  const last = Math.min(wanted + REACH, 65_535);
  for (let port = wanted; port <= last; port++) {
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`No port from ${wanted} to ${last} is free.`);
}

/** Whether nothing on this machine listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  for (const host of INTERFACES) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

async function canListen(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ port, host });
    await once(server, 'listening');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A machine without IPv6 has nobody listening there.
    return code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT';
  } finally {
    server.close();
  }
}

/** Whether a server answers there within three seconds. */
export async function canConnect(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(3_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
