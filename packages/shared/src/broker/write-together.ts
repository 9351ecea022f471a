/**
 * What is said to the broker in one turn of the event loop leaves in one write. The client (2.29.3, `nats-base-client/protocol.js`)
 * writes whenever the promises of one message are through: two hundred mails in hand made five writes each,
 * and the broker woke up for every one.
 */
import type { NatsConnection } from 'nats';
import { encode } from 'nats/lib/nats-base-client/encoders.js';

/** What the client keeps to itself. */
interface Protocol {
  outbound: { length(): number; size(): number; fill(...parts: Uint8Array[]): void };
  /** Bytes; what is more leaves at once. */
  pendingLimit: number;
  sendCommand(command: string | Uint8Array, ...payloads: Uint8Array[]): void;
  flushPending(): void;
}

/** Holds for this connection, through all its reconnects. `flush`, `drain` and a full buffer write at once, as before. */
export function writeTogether(connection: NatsConnection): void {
  const { protocol } = connection as unknown as { protocol: Protocol };
  const { outbound } = protocol;
  protocol.sendCommand = (command, ...payloads) => {
    const isFirst = outbound.length() === 0;
    outbound.fill(typeof command === 'string' ? encode(command) : command, ...payloads);
    if (outbound.size() >= protocol.pendingLimit) protocol.flushPending();
    else if (isFirst) setImmediate(() => protocol.flushPending());
  };
}
