/**
 * NATS_URL: one address or several with commas between them, `nats://user:password@host:4222`. The
 * client itself does not read a user out of an address.
 */
import type { ConnectionOptions, NatsConnection } from 'nats';

/**
 * What the client needs to connect. A named user gets answers under an inbox of its own,
 * `_INBOX_<user>`, so that the broker can keep users from reading each other's answers.
 * @throws TypeError when it is not an address.
 */
export function brokerAddress(
  url: string,
): Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'inboxPrefix'> {
  const servers = url.split(',').map((each) => {
    const address = each.trim();
    const server = new URL(address.includes('://') ? address : `nats://${address}`);
    if (server.host === '') throw new TypeError('NATS_URL names no host');
    return server;
  });
  const { username = '', password = '' } = servers.find((server) => server.username) ?? {};
  const user = decodeURIComponent(username);
  return {
    servers: servers.map(({ protocol, host }) => `${protocol}//${host}`),
    ...(user && { user, pass: decodeURIComponent(password), inboxPrefix: `_INBOX_${user}` }),
  };
}

/** Where answers to this connection go; its type does not show the options it was opened with. */
export function inboxPrefixOf(connection: NatsConnection): string | undefined {
  const { options } = connection as NatsConnection & { options?: ConnectionOptions };
  return options?.inboxPrefix;
}
