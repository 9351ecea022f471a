/** The relay's work with leads, wired: what main.ts needs of it. */
import { randomUUID } from 'node:crypto';
import { createDeliveryFacts } from '@leadwire/shared/delivery/outcomes';
import { toError } from '@leadwire/shared/errors';
import { createLedger } from '@leadwire/shared/delivery/ledger';
import type { BackgroundWork } from '@leadwire/shared/service/service';
import { createDatabase } from '@leadwire/shared/providers/supabase';
import type { ProcessParts } from '@leadwire/shared/broker/process-parts';
import { createDealLink } from './deal-link.ts';
import { createEarlierLeads } from './earlier-leads.ts';
import { createLeadLookup } from './lead-lookup.ts';
import type { TelegramRelayEnv } from '../env.ts';
import type { GroupStore } from '../groups/group-store.ts';
import { createRelay, type Relay } from '../handler.ts';
import { createMeasures } from '../measures.ts';
import { startMirror, type Mirror } from '../groups/mirror.ts';
import type { BotSender } from '../bot/pace.ts';
import { createBackoff, type Backoff } from '../groups/backoff.ts';
import { createWake } from '../groups/wake.ts';

/** After a failure of Telegram a group is tried again this soon, then less and less often. */
const OUTAGE_MS = 1_000;
const LONGEST_OUTAGE_MS = 60_000;

export interface LeadParts extends ProcessParts {
  groups: GroupStore;
  sender: BotSender | undefined;
  areGroupsKnown: () => boolean;
  /** By group: we were not allowed to write there. */
  refusals: Backoff;
}

export function createLeadRelay(env: TelegramRelayEnv, parts: LeadParts): Relay {
  const { bus, log, metrics, groups, sender } = parts;
  const measures = createMeasures(metrics.registry, groups);
  const dealUrlOf = createDealLink({
    bus,
    amocrmUrl: env.AMOCRM_BASE_URL,
    waitMs: env.TELEGRAM_DEAL_WAIT_MS,
  });
  const earlierOf = createEarlierLeads(createLeadLookup(env), log);
  const wake = createWake(bus);
  groups.onChange((group) => {
    wake(group).catch((thrown: unknown) =>
      log.warn({ err: toError(thrown) }, 'waiting notices were not woken; they look by themselves'),
    );
  });
  return createRelay({
    bus,
    groups,
    sender,
    areGroupsKnown: parts.areGroupsKnown,
    outages: createBackoff({ firstMs: OUTAGE_MS, longestMs: LONGEST_OUTAGE_MS }),
    refusals: parts.refusals,
    ledger: createLedger(bus),
    facts: createDeliveryFacts(bus, metrics),
    owner: randomUUID(),
    timeZone: env.TIME_ZONE,
    groupRatePerMinute: env.TELEGRAM_GROUP_RATE_PER_MINUTE,
    onSent: (leads) => measures.leadsPerMessage.observe(leads),
    newsOf: async ({ lead }) => {
      const [dealUrl, earlier] = await Promise.all([dealUrlOf(lead), earlierOf(lead)]);
      const leadUrl = env.LEAD_LINK_BASE_URL && `${env.LEAD_LINK_BASE_URL}/${lead.leadId}`;
      return { lead, dealUrl, leadUrl, earlier };
    },
  });
}

/** The mirror of the groups; without a database to write to there is none, and nothing to take over. */
export function createGroupMirror(
  env: TelegramRelayEnv,
  { log, groups }: Pick<LeadParts, 'log' | 'groups'>,
) {
  const { LANDING_SUPABASE_URL: url, LANDING_SUPABASE_SERVICE_KEY: serviceKey } = env;
  if (url === undefined || serviceKey === undefined) {
    log.warn('telegram_groups is not written: LANDING_SUPABASE_URL or its key is not given');
    return { areGroupsKnown: () => true, start: (): BackgroundWork[] => [] };
  }
  const database = createDatabase({ project: 'landing', url, serviceKey });
  let mirror: Mirror | undefined;
  return {
    areGroupsKnown: () => mirror?.areGroupsKnown() ?? false,
    start: (): BackgroundWork[] => [(mirror = startMirror({ database, groups, log }))],
  };
}
