/**
 * What was asked of a broker that is gone is never answered: the client (2.29.3, `nats-base-client/protocol.js`) drops what it had
 * not written when it connects again, and the answer to what it had written finds nobody. It waits for each request's own
 * timeout all the same, five seconds for a key, and a service that is told to stop meanwhile waits with it.
 */
import type { NatsConnection } from 'nats';

/** What the client keeps to itself. */
interface Protocol {
  muxSubscriptions: { all(): { resolver(error: Error, message: object): void }[] };
}

export const lostAnswer = () =>
  new Error('the connection to the broker was lost before the answer came');

/** Ends all requests of this connection that are not answered yet. */
export function endRequests(connection: NatsConnection): void {
  const { protocol } = connection as unknown as { protocol: Protocol };
  for (const request of protocol.muxSubscriptions.all()) request.resolver(lostAnswer(), {});
}
