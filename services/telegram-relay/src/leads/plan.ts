/** From a lead to one planned delivery for each group that wants it. */
import type { Bus } from '@leadwire/shared/broker/bus';
import { SnoozeError } from '@leadwire/shared/errors';
import type { DeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import type { Lead, LeadCreated } from '@leadwire/shared/contract/events';
import { deliveryOf, type Ledger } from '@leadwire/shared/delivery/ledger';
import { publishNotice } from '@leadwire/shared/delivery/schedule';
import { takesKind, type TelegramGroup } from '@leadwire/shared/delivery/telegram-groups';
import type { GroupStore } from '../groups/group-store.ts';

/** How soon a lead looks again whether the groups are known. */
const TAKEOVER_MS = 1_000;

export interface PlanPorts {
  bus: Bus;
  ledger: Pick<Ledger, 'plan'>;
  facts: DeliveryFacts;
  groups: Pick<GroupStore, 'list'>;
  /** False while groups may be missing that only the table knows. */
  areGroupsKnown: () => boolean;
  now?: () => Date;
}

/**
 * Plans a lead's notices; may be repeated at any point. A group that was activated after the lead came
 * does not get it, so that a replay of all leads floods nobody; a paused one gets it later.
 */
export function createPlanLead(ports: PlanPorts) {
  const { bus, ledger, facts, groups, areGroupsKnown, now = () => new Date() } = ports;
  const planNotice = async (lead: Lead, { groupId, chatId }: TelegramGroup): Promise<void> => {
    const { leadId } = lead;
    const delivery = deliveryOf({ leadId, channel: 'telegram' as const, template: groupId });
    const { entry } = await ledger.plan(delivery, { dueAt: now() });
    await facts.planned(entry);
    // Found as planned, an earlier run may have died before it published. A second notice does no harm:
    // the ledger lets one of them be sent.
    if (entry.state !== 'planned') return;
    await publishNotice(bus, chatId, { ...delivery, lead }, delivery.deliveryId);
  };

  return async ({ data: lead }: LeadCreated): Promise<void> => {
    if (!areGroupsKnown()) throw new SnoozeError('the groups are being taken over', TAKEOVER_MS);
    const wanting = (await groups.list()).filter((group) => wants(group, lead));
    for (const group of oneOfEachChat(wanting)) await planNotice(lead, group);
  };
}

function wants(group: TelegramGroup, lead: Lead): boolean {
  return (
    group.bot === 'leads' &&
    group.state !== 'deactivated' &&
    takesKind(group, lead.kind) &&
    group.activatedAt <= lead.receivedAt
  );
}

/** A chat that has two records, by whatever accident, hears of a lead once. */
function oneOfEachChat(groups: readonly TelegramGroup[]): TelegramGroup[] {
  return [...new Map(groups.toReversed().map((group) => [group.chatId, group])).values()];
}
