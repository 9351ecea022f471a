/** What a stream would lose that somebody has still to handle, if it kept its messages for a shorter time. */
import { AckPolicy, DeliverPolicy, nanos, type JetStreamManager } from 'nats';

/** Only to be asked about. */
const PROBE_MS = 10_000;

/**
 * Which durables have messages to handle that are older than `ageMs`, in words; undefined when none has. Who has others to
 * handle and stopped before that time counts too: it is asked again later.
 * @throws what the broker throws
 */
export async function unhandledBefore(
  manager: JetStreamManager,
  stream: string,
  ageMs: number,
): Promise<string | undefined> {
  const probe = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: new Date(Date.now() - ageMs).toISOString(),
    inactive_threshold: nanos(PROBE_MS),
    mem_storage: true,
    num_replicas: 1,
  });
  // A new consumer stands right before the first message that it would get.
  const lastOld = probe.delivered.stream_seq;
  await manager.consumers.delete(stream, probe.name);
  const names: string[] = [];
  for await (const { config, ack_floor, num_pending, num_ack_pending } of manager.consumers.list(
    stream,
  )) {
    if (config.durable_name === undefined || num_pending + num_ack_pending === 0) continue;
    if (ack_floor.stream_seq < lastOld) names.push(config.durable_name);
  }
  if (names.length === 0) return undefined;
  const days = Math.round(ageMs / (24 * 60 * 60_000));
  return `stream ${stream} keeps its age: ${names.join(', ')} still has messages older than ${days} days to handle`;
}
