/** The durables that move sequences. */
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { startConsumer, type RunningConsumer } from '@leadwire/shared/consumer/consumer';
import { eventSchemas, leadTakenSchema } from '@leadwire/shared/contract/events';
import type { SequenceRunner } from './run-sequences.ts';

export function consumeSequences(parts: ProcessParts, runner: SequenceRunner): RunningConsumer[] {
  return [
    startConsumer({
      ...parts,
      durable: 'sequence-leads',
      handle: runner.onLead,
      schema: leadTakenSchema,
    }),
    startConsumer({
      ...parts,
      durable: 'sequence-students',
      handle: runner.onStudent,
      schema: eventSchemas['student.created.v1'],
    }),
    startConsumer({
      ...parts,
      durable: 'sequence-sales',
      handle: runner.onSale,
      schema: eventSchemas['sale.recorded.v1'],
    }),
    startConsumer({
      ...parts,
      durable: 'sequence-steps',
      handle: runner.onDue,
      schema: eventSchemas['sequence.due.v1'],
    }),
  ];
}
