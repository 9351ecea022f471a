/** `leadwire topology …`: for a broker whose services may not create anything themselves. */
import type { Command } from 'commander';
import { forgetPlainHashes } from '@leadwire/operations/person/plain-hashes';
import { consumers } from '@leadwire/shared/contract/consumers';
import { buckets, streams } from '@leadwire/shared/contract/topology';
import { withBus } from '../connect.ts';
import type { CliEnv } from '../env.ts';
import { paint, say } from '../terminal.ts';

export function addTopologyCommands(program: Command, readEnv: () => CliEnv): void {
  const topology = program
    .command('topology')
    .description('the streams, buckets and consumers that the services need');
  topology
    .command('apply')
    .description('create what is missing at the broker and mend what differs; keeps every message')
    .option('--json', 'as JSON')
    .action(async ({ json = false }: { json?: boolean }) => {
      const forgotten = await withBus(readEnv(), forgetPlainHashes, 'apply');
      const counts = [streams, buckets, consumers].map((each) => Object.keys(each).length);
      const [streamCount = 0, bucketCount = 0, consumerCount = 0] = counts;
      if (json) {
        const made = { streams: streamCount, buckets: bucketCount, consumers: consumerCount };
        return say(JSON.stringify({ ...made, forgotten }));
      }
      say(
        paint(
          'green',
          `The broker has all ${streamCount} streams, ${bucketCount} buckets and ${consumerCount} consumers.`,
        ),
      );
      if (forgotten > 0) say(`${forgotten} people were known by hashes without a key: removed.`);
    });
}
