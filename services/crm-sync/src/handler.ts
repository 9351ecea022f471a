/**
 * What crm-sync does: `syncLead` makes a lead a deal, `giveUp` tells of one that could not be made,
 * `syncStudent` and `followDeal` are in students.ts and changes.ts. Each can be repeated at any point.
 */
import { PermanentError } from '@leadwire/shared/errors';
import type { Lead, LeadCreated } from '@leadwire/shared/contract/events';
import type { CrmMap } from './crm-map.ts';
import { stageForPayment, type StagePlan } from './deal-plan.ts';
import { leadNote } from './deal-note.ts';
import { leadDealName, leadTags, trackingFields } from './deal-text.ts';
import type { Facts } from './facts.ts';
import type { Stages } from './stages.ts';
import { leadsToTell, type SyncDeal, type Synced } from './sync-deal.ts';
import type { DesiredDeal } from './desired-deal.ts';

export interface Ports {
  syncDeal: SyncDeal;
  map: CrmMap;
  facts: Facts;
  stages: Stages;
  plan: StagePlan;
  /** Slugs of landing pages that become tags. */
  tagSlugs: ReadonlySet<string>;
  /** Codes of the fields that AmoCRM's deals have. */
  fieldCodes: () => Promise<ReadonlySet<string>>;
}

export interface CrmSync {
  syncLead: (event: LeadCreated) => Promise<void>;
  giveUp: (event: LeadCreated, error: Error) => Promise<void>;
}

export function createCrmSync(ports: Ports): CrmSync {
  const tellSynced = createTeller(ports);
  return {
    async syncLead({ data: lead }) {
      const done = await ports.map.lead(lead.leadId);
      const { dealId, stageId, doneAt } = done ?? {};
      if (
        done?.state === 'done' &&
        dealId !== undefined &&
        stageId !== undefined &&
        doneAt !== undefined
      ) {
        const { contactId, problem } = done;
        const alsoMoved = await leadsToTell(ports.map, dealId, lead.leadId);
        const synced = { dealId, contactId, stageId, problem, at: doneAt, alsoMoved };
        return tellSynced(lead.leadId, synced);
      }
      await tellSynced(lead.leadId, await ports.syncDeal(await desiredDeal(lead, ports)));
    },

    giveUp: ({ data: { leadId } }, error) => ports.facts.tell(failure(leadId, error)),
  };
}

/** Tells how a lead (or a student) stands in AmoCRM, and the other leads of the same deal. */
export function createTeller({ facts, stages, map }: Pick<Ports, 'facts' | 'stages' | 'map'>) {
  return async (leadId: string, synced: Synced, studentId?: string): Promise<void> => {
    const { dealId, contactId, stageId, problem, at, alsoMoved } = synced;
    const stage = (await stages.all()).find(({ id }) => id === stageId)?.name;
    const deal = { dealId, stageId, at, ...(stage !== undefined && { stage }) };
    if (problem !== undefined) await facts.refused(problem);
    else if (synced.carried) await facts.carried(synced.carried);
    await facts.tell({
      leadId,
      outcome: 'synced',
      ...deal,
      ...(contactId !== undefined && { contactId }),
      ...(studentId !== undefined && { studentId }),
      ...(problem !== undefined && { error: problem }),
    });
    for (const other of alsoMoved) {
      await facts.tell({ leadId: other, outcome: 'moved', ...deal });
    }
    if (alsoMoved.length === 0) return;
    await map.changeDeal(dealId, ({ movedBy, ...known }) =>
      movedBy === leadId || movedBy === undefined ? known : { ...known, movedBy },
    );
  };
}

export function failure(leadId: string, error: Error, studentId?: string) {
  const reason = error instanceof PermanentError ? error.code : 'attempts_spent';
  const at = new Date().toISOString();
  return {
    leadId,
    outcome: 'failed' as const,
    at,
    reason,
    error: error.message,
    ...(studentId !== undefined && { studentId }),
  };
}

/** What a lead wants of AmoCRM. Errors are those of `fieldCodes`. */
export async function desiredDeal(
  lead: Lead,
  { plan, tagSlugs, fieldCodes }: Pick<Ports, 'plan' | 'tagSlugs' | 'fieldCodes'>,
): Promise<DesiredDeal> {
  const { stageId, isUnknown } = stageForPayment(plan, lead.paymentMethod);
  const isPaid = lead.paymentMethod !== null && !isUnknown;
  const hasClickIds = Object.keys(lead.attribution?.clickIds ?? {}).length > 0;
  return {
    id: lead.leadId,
    cameAt: lead.receivedAt,
    person: { name: lead.name, email: lead.email, phone: lead.phone },
    dealName: leadDealName(lead),
    stage: { id: stageId, movesOpenDeals: isPaid },
    isProven: false,
    tags: leadTags(lead, { slugs: tagSlugs, methods: Object.keys(plan.payment) }),
    fields: trackingFields(lead, hasClickIds ? await fieldCodes() : new Set()),
    note: (known) => leadNote(lead, { isUnknownPayment: isUnknown, known }),
  };
}
