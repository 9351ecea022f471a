/** Mail and SMS that do not go out because the provider does not answer are told of, with every other outage. */
import type { Outages } from '@leadwire/shared/coordination/outages';
import type { Sender } from './channel.ts';

/** The same sender; how its calls go is noted. */
export function watchedBy(outages: Outages): (sender: Sender) => Sender {
  return (sender) => ({
    name: sender.name,
    turn: (claim) => sender.turn(claim),
    send: (entry) => outages.observe(sender.name, () => sender.send(entry)),
    reconcile: (entry) => outages.observe(sender.name, () => sender.reconcile(entry)),
  });
}
