/** `leadwire topology …`: for a broker whose services may not create anything themselves. */
import type { Command } from 'commander';
import { forgetPlainHashes } from '@leadwire/operations/person/plain-hashes';
import { consumers } from '@leadwire/shared/contract/consumers';
import { buckets, streams } from '@leadwire/shared/contract/topology';
import { withBus } from '../connect.ts';
import { answer } from '../answer.ts';
import type { CliEnv } from '../env.ts';
import { paint } from '../terminal.ts';

export function addTopologyCommands(program: Command, readEnv: () => CliEnv): void {
  const topology = program
    .command('topology')
    .description('the streams, buckets and consumers that the services need');
  topology
    .command('apply')
    .description('create what is missing at the broker and mend what differs; keeps every message')
    .action(async () => {
      const env = readEnv();
      let waiting: readonly string[] = [];
      const onApplied = (found: readonly string[]) => {
        waiting = found;
      };
      const ages = { retention: env, onApplied };
      const forgotten = await withBus(env, forgetPlainHashes, 'apply', ages);
      const counts = [streams, buckets, consumers].map((each) => Object.keys(each).length);
      const [streamCount = 0, bucketCount = 0, consumerCount = 0] = counts;
      const all = `The broker has all ${streamCount} streams, ${bucketCount} buckets and ${consumerCount} consumers.`;
      answer(
        {
          streams: streamCount,
          buckets: bucketCount,
          consumers: consumerCount,
          waiting,
          forgotten,
        },
        paint('green', all),
        ...waiting.map((why) => paint('yellow', `${why}. Apply once more when it has.`)),
        ...(forgotten > 0
          ? [`${forgotten} people were known by hashes without a key: removed.`]
          : []),
      );
    });
}
