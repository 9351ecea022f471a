/**
 * What the relay does with leads: `planLead` plans a notice for each group (plan.ts), `sendNotice` sends
 * one, together with what else waits for its group (gathering.ts, notice.ts), `giveUp` records the end
 * of one that could not be sent. Each can be repeated at any point: the ledger decides what is left.
 */
import { AmbiguousError, SnoozeError, PermanentError } from '@leadwire/shared/errors';
import type { LeadCreated, TelegramNotice } from '@leadwire/shared/contract/events';
import { isSettled, type Ledger, type Settlement } from '@leadwire/shared/delivery/ledger';
import { createGathering } from './leads/gathering.ts';
import { MOST_LEADS, howManyFit, type LeadNews } from './leads/lead-text.ts';
import { LEASE_MS, createSendNotices, type Notice, type NoticePorts } from './leads/notice.ts';
import { mayBeTried } from './groups/chat-errors.ts';
import type { BotSender } from './bot/pace.ts';
import { createPlanLead, type PlanPorts } from './leads/plan.ts';

/** How soon a notice looks again whether the bot is on. */
const BOT_OFF_MS = 5 * 60_000;
/** A message that was tried so often, and may have been shown each time, is left to a person: a dead letter. */
export const MOST_TRIES = 5;
/** What a process holds for one group: a few messages. The rest waits at the broker. */
const MOST_WAITING = 4 * MOST_LEADS;

type Due = TelegramNotice['data'];

export interface RelayPorts extends Omit<NoticePorts, 'sender' | 'ledger'>, PlanPorts {
  ledger: Ledger;
  groups: NoticePorts['groups'] & PlanPorts['groups'];
  /** Without it nothing is planned, so that nothing piles up. */
  sender: BotSender | undefined;
  /** The lead with what is known of it besides. */
  newsOf: (due: Due) => Promise<LeadNews>;
  groupRatePerMinute: number;
}

export interface Relay {
  planLead: (event: LeadCreated) => Promise<void>;
  sendNotice: (event: TelegramNotice, context: { attempt: number }) => Promise<void>;
  giveUp: (event: TelegramNotice, error: Error) => Promise<void>;
}

export function createRelay(ports: RelayPorts): Relay {
  const { ledger, facts, groups, sender, refusals } = ports;
  const join = sender && gatheringOf({ ...ports, sender });
  const planLead = createPlanLead(ports);

  /** Ends a delivery without sending it. Inherited, an earlier attempt may have sent it. */
  const end = async (due: Due, toEnd: (isUndecided: boolean) => Settlement): Promise<void> => {
    const claim = await ledger.claim(due, ports.owner, LEASE_MS, undefined);
    if (claim.kind === 'missing') return;
    if (claim.kind === 'settled') return facts.outcome(claim.entry);
    if (claim.kind === 'busy') throw new SnoozeError('another sender holds it', claim.retryAfterMs);
    const settlement = toEnd(claim.kind === 'inherited');
    await facts.outcome(await ledger.settle(claim.entry, settlement));
  };

  return {
    async planLead(event) {
      if (sender) await planLead(event);
    },

    async sendNotice({ data: due }, { attempt }) {
      const known = await ledger.find(due);
      if (known && isSettled(known)) return facts.outcome(known);
      const group = await groups.byId(due.template);
      if (!group || group.state === 'deactivated') {
        const { stateReason: error } = group ?? {};
        return end(due, (isUndecided) => ({
          state: isUndecided ? 'unknown' : 'skipped',
          reason: 'group_gone',
          error,
        }));
      }
      if (!join) throw new SnoozeError('the leads bot is off', BOT_OFF_MS);
      // A group that is resumed wakes its notices (wake.ts).
      if (!mayBeTried(group, refusals)) {
        throw new SnoozeError('the group is paused', refusals.waitMs(group.groupId));
      }
      const news = await ports.newsOf(due);
      await join(group.groupId, { delivery: due, news }).catch((thrown: unknown) => {
        if (!(thrown instanceof AmbiguousError) || attempt < MOST_TRIES) throw thrown;
        throw new PermanentError(
          'no_answer',
          `may have been shown, ${attempt} times: ${thrown.message}`,
        );
      });
    },

    giveUp: ({ data: due }, error) =>
      end(due, (isUndecided) => ({
        state: isUndecided ? 'unknown' : 'failed',
        reason: error instanceof PermanentError ? error.code : 'attempts_spent',
        error: error.message,
      })),
  };
}

function gatheringOf(ports: NoticePorts & { sender: BotSender; groupRatePerMinute: number }) {
  const { groups, sender, outages, groupRatePerMinute } = ports;
  return createGathering<Notice>({
    async turn(groupId) {
      const waitMs = outages.waitMs(groupId);
      if (waitMs > 0) throw new SnoozeError('Telegram is down for this group', waitMs);
      const group = await groups.byId(groupId);
      if (group) await sender.turn(group.chatId);
    },
    howManyFit: (notices) => howManyFit(notices.map(({ news }) => news)),
    send: createSendNotices(ports),
    mostWaiting: MOST_WAITING,
    itemMs: 60_000 / groupRatePerMinute / MOST_LEADS,
  });
}
