/** Versions before 0.2 knew people in the map of deals by hashes that anybody can make of all numbers of a country. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { readStream } from '@leadwire/shared/broker/read-stream';

const PLAIN = /\.person\.[0-9a-f]{40}$/;

/**
 * Removes what is known of people by such hashes; crm-sync finds them in AmoCRM and writes it anew. Returns how many.
 * @throws what the broker throws
 */
export async function forgetPlainHashes(bus: Bus): Promise<number> {
  const manager = await bus.manager();
  let forgotten = 0;
  for await (const { subject, seq } of readStream(bus, 'KV_crm_map', {
    subject: '$KV.crm_map.person.*',
  })) {
    if (!PLAIN.test(subject)) continue;
    await manager.streams.deleteMessage('KV_crm_map', seq, true);
    forgotten += 1;
  }
  return forgotten;
}
