/**
 * Hands one stored lead to one consumer once more, under a subject that no other consumer takes
 * (docs/decisions/0008-redrive.md). The ledger decides, as for any repeated message: what was sent is not sent again.
 * `npm run leadwire -- replay` does the same for many leads, and shows first what would happen.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'nats';

const [leadId, durable = 'notifier-plan'] = process.argv.slice(2);
if (!leadId) throw new Error('Which lead? node docs/examples/replay-a-lead.ts <leadId> [durable]');

const connection = await connect({ servers: process.env['NATS_URL'] ?? 'nats://localhost:4222' });
const manager = await connection.jetstreamManager();
const lead = await manager.streams.getMessage('LEADS', {
  last_by_subj: `leads.created.*.${leadId}`,
});

// One name for each replay: with the same one twice, the second is a duplicate.
const replayId = randomUUID();
const ack = await connection
  .jetstream()
  .publish(`redrive.${durable}.${replayId}.${lead.subject}`, lead.data, {
    msgID: `replay:${replayId}`,
  });
console.log(`${lead.subject} was handed to ${durable}: message ${ack.seq} of ${ack.stream}`);
await connection.close();
