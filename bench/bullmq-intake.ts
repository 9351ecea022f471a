/** landing-api, but a lead becomes a job of BullMQ in Redis, and its form gets 201 once the job is added. */
import { Queue } from 'bullmq';
import { runExchangedIntake } from './exchanged-intake.ts';

const port = Number(process.env['REDIS_PORT']);
const queue = new Queue('leads', { connection: { host: '127.0.0.1', port } });

await runExchangedIntake('bullmq-intake', {
  keep: (jobId, event) => queue.add(event.type, event, { jobId }),
  close: () => queue.close(),
});
