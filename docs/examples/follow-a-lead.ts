/**
 * Prints what happened to one lead, a line for each event: itself (LEADS), its messages and its deal
 * (DELIVERIES). Subjects hold ids, so one lead is found without reading the others.
 */
import { connect } from 'nats';

const leadId = process.argv[2];
if (!leadId) throw new Error('Which lead? node docs/examples/follow-a-lead.ts <leadId>');

interface LeadwireEvent {
  type: string;
  time: string;
  data: { leadId?: string; channel?: string; template?: string; outcome?: string };
}

const connection = await connect({ servers: process.env['NATS_URL'] ?? 'nats://localhost:4222' });
const jetstream = connection.jetstream();

/** What a stream holds under these subjects, oldest first, through an ordered consumer that leaves no trace. */
async function* read(stream: string, subjects: string[]): AsyncGenerator<LeadwireEvent> {
  const consumer = await jetstream.consumers.get(stream, { filterSubjects: subjects });
  const { num_pending: pending } = await consumer.info();
  if (pending === 0) return;
  for await (const message of await consumer.consume()) {
    yield message.json<LeadwireEvent>();
    if (message.info.pending === 0) return;
  }
}

for await (const event of read('LEADS', [`leads.*.*.${leadId}`])) {
  console.log(event.time, event.type);
}
// The subject of a delivery ends in the delivery's id, the subject of a deal in the lead's.
for await (const event of read('DELIVERIES', ['deliveries.>', `crm.*.${leadId}`])) {
  if (event.data.leadId !== leadId) continue;
  const { channel = 'crm', template = '', outcome = '' } = event.data;
  console.log(event.time, event.type, channel, template, outcome);
}
await connection.close();
