/**
 * Hands stored facts to a durable once more, as `redrive.<durable>.<replay>.<original subject>`, which no
 * other durable sees (docs/decisions/0008-redrive.md). What has been done stays done: the ledger, the
 * map of deals and the rows decide, as they do for any repeated message.
 */
import { performance } from 'node:perf_hooks';
import type { Bus } from '@leadwire/shared/broker/bus';
import {
  LEDGER_STREAM,
  isSettled,
  parseEntry,
  type LedgerEntry,
} from '@leadwire/shared/delivery/ledger';
import { readStream, type StoredMessage } from '@leadwire/shared/broker/read-stream';
import {
  consumers,
  type ConsumerName,
  type ConsumerSpec,
} from '@leadwire/shared/contract/consumers';
import type { StreamName } from '@leadwire/shared/contract/streams';
import { isUnder, streams, subjects } from '@leadwire/shared/contract/topology';
import type { ActingParts } from '../acting.ts';
import { MANY, audited } from '../audit/audited.ts';
import { RefusedError } from '../refused-error.ts';

/** There is no such durable, or it takes no replays. */
export class ReplayError extends RefusedError<'no_such_durable'> {
  override readonly name = 'ReplayError';
}

/** Publishes under way at once: the broker syncs each to disk, and several at a time in one go. */
const AT_ONCE = 64;
/** Alerts were for the moment; telling them again would only alarm people. */
const NEVER: readonly StreamName[] = ['ALERTS'];

/** Which facts: all that are there by default; every field narrows it. */
export interface ReplayFilter {
  leadId?: string;
  /** The slug of the landing page; with the facts that followed from its leads. */
  campaign?: string;
  kind?: string;
  since?: Date;
  until?: Date;
}

export interface ReplayShare {
  durable: ConsumerName;
  messages: StoredMessage[];
}

/** The durables that facts can be replayed to, in the order of the topology. */
export const replayable = (Object.entries(consumers) as [ConsumerName, ConsumerSpec][])
  .filter(([name, { stream, filters }]) => {
    const isFact = streams[stream].retention === 'limits' && !NEVER.includes(stream);
    return isFact && filters.some((filter) => filter.startsWith(`redrive.${name}.`));
  })
  .map(([name]) => name);

/** Which durables a person means by `all`, a durable or a service. @throws ReplayError */
export function durablesMeant(to: string): ConsumerName[] {
  if (to === 'all') return [...replayable];
  const meant = replayable.filter((name) => name === to || name.startsWith(`${to}-`));
  if (meant.length > 0) return meant;
  const known = `There are: ${replayable.join(', ')}, or all.`;
  throw new ReplayError('no_such_durable', `"${to}" takes no replays. ${known}`);
}

/** What each durable would get, oldest first. Changes nothing. @throws TransientError */
export async function selectFacts(
  bus: Bus,
  durables: readonly ConsumerName[],
  filter: ReplayFilter,
): Promise<ReplayShare[]> {
  const leadIds = await leadsOf(bus, filter);
  const shares: ReplayShare[] = [];
  for (const durable of durables) {
    const { stream, filters }: ConsumerSpec = consumers[durable];
    const own = filters.filter((each) => !each.startsWith('redrive.'));
    const messages: StoredMessage[] = [];
    const { since, until } = filter;
    for await (const message of readStream(bus, stream, since ? { since } : {})) {
      if (until && message.at > until) break;
      const isOwn = own.some((pattern) => isUnder(pattern, message.subject));
      if (isOwn && (!leadIds || leadIds.has(leadOf(message)))) messages.push(message);
    }
    shares.push({ durable, messages });
  }
  return shares;
}

/** The leads that the filter names; undefined when it names none, which means everything. */
async function leadsOf(bus: Bus, filter: ReplayFilter): Promise<Set<string> | undefined> {
  const { leadId, campaign, kind } = filter;
  if (leadId !== undefined) return new Set([leadId]);
  if (campaign === undefined && kind === undefined) return undefined;
  const ids = new Set<string>();
  for await (const { json } of readStream(bus, 'LEADS', { subject: 'leads.>' })) {
    const lead = (json as { data?: { leadId: string; campaign: string | null; kind: string } })
      .data;
    const fits =
      (campaign === undefined || lead?.campaign === campaign) &&
      (kind === undefined || lead?.kind === kind);
    if (lead && fits) ids.add(lead.leadId);
  }
  return ids;
}

function leadOf({ json }: StoredMessage): string {
  const event = json as { subject?: string; data?: { leadId?: string } } | undefined;
  return event?.data?.leadId ?? event?.subject ?? '';
}

/** What the ledger knows about the messages of these leads. */
export interface Foreseen {
  /** Leads of which no message is in the ledger: their messages would be planned anew. */
  unplanned: number;
  settled: number;
  open: number;
}

/** Reads the ledger once, whatever the number of leads. @throws TransientError */
export async function foreseeMessages(
  bus: Bus,
  { messages }: ReplayShare,
  isMeant: (entry: LedgerEntry) => boolean,
): Promise<Foreseen> {
  const leads = new Set(messages.map(leadOf));
  const entries = new Map<string, LedgerEntry>();
  for await (const { subject, json } of readStream(bus, LEDGER_STREAM)) {
    const entry = parseEntry(json);
    if (entry && leads.has(entry.leadId) && isMeant(entry)) entries.set(subject, entry);
  }
  const known = [...entries.values()];
  const planned = new Set(known.map(({ leadId }) => leadId));
  return {
    unplanned: leads.size - planned.size,
    settled: known.filter(isSettled).length,
    open: known.filter((entry) => !isSettled(entry)).length,
  };
}

/** How far it is: so many of the share's events are published. */
export type OnProgress = (share: ReplayShare, done: number) => void;

/**
 * Publishes the shares. `replayId` names this replay, one token: the same one twice stores nothing twice
 * within the broker's duplicate window. @throws TransientError when the broker fails; what was
 * published stays, and the same call again does no harm.
 */
export async function replay(
  { bus, actor }: ActingParts,
  replayId: string,
  shares: readonly ReplayShare[],
  onProgress: OnProgress = () => undefined,
): Promise<void> {
  const leads = new Set(shares.flatMap(({ messages }) => messages.map(leadOf)));
  const [only] = leads;
  const events = shares.map(({ durable, messages }) => [durable, messages.length]);
  const details = { replayId, leads: leads.size, events: Object.fromEntries(events) as object };
  const subject = leads.size === 1 && only ? only : MANY;
  await audited(bus, { actor, action: 'facts.replayed', subject, details }, async () => {
    for (const share of shares) await publishShare(bus, replayId, share, onProgress);
  });
}

async function publishShare(
  bus: Bus,
  replayId: string,
  share: ReplayShare,
  onProgress: OnProgress,
): Promise<void> {
  const { durable, messages } = share;
  let lastShownAt = 0;
  for (let from = 0; from < messages.length; from += AT_ONCE) {
    const some = messages.slice(from, from + AT_ONCE);
    await Promise.all(
      some.map(({ seq, subject, data }) =>
        bus.publish(subjects.redrive(durable, replayId, subject), data, {
          msgId: `replay:${replayId}:${durable}:${seq}`,
          headers: { 'Leadwire-Replayed': replayId },
        }),
      ),
    );
    if (performance.now() - lastShownAt < 100 && from + AT_ONCE < messages.length) continue;
    lastShownAt = performance.now();
    onProgress(share, Math.min(from + AT_ONCE, messages.length));
  }
}
