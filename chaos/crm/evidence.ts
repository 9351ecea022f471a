/** What the sandbox's AmoCRM has and saw, and what the database says of deals. */
import type { SandboxControl } from '@leadwire/sandbox/sandbox';
import type { TestSupabase } from '@leadwire/testing/supabase';
import { AMOCRM } from './world.ts';

/** What AmoCRM has and saw; only what is not deleted. */
export interface CrmEvidence {
  deals: { id: number; name: string; contactIds: number[]; stageId: number }[];
  /** `reach`: its phones in digits and its addresses. */
  contacts: { id: number; reach: string[] }[];
  notes: string[];
  /** `landing_leads.amocrm_deal_id` of those that are synced, by lead. */
  rows: Map<string, number>;
  /** When each request arrived, Unix milliseconds. */
  arrivals: number[];
  /** The most that AmoCRM takes in any second. */
  limitPerSecond: number;
  /** Where a deal begins, and where it stands once somebody has paid. */
  stages: { first: number; paid: number };
}

/** @throws when it cannot be read. */
export async function collectCrm(
  sandbox: SandboxControl,
  landing: TestSupabase['landing'],
): Promise<CrmEvidence> {
  const { amocrm } = sandbox;
  const rows = await landing.sql<{ id: string; deal: string | number }>(
    'select id, amocrm_deal_id as deal from public.landing_leads where amocrm_synced',
  );
  const digits = (phone: string) => phone.replace(/\D/g, '');
  return {
    deals: (await amocrm.leads())
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ statusId, ...deal }) => ({ ...deal, stageId: statusId })),
    contacts: (await amocrm.contacts())
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ id, phones, emails }) => ({ id, reach: [...phones.map(digits), ...emails] })),
    notes: (await amocrm.notes()).map(({ text }) => text),
    rows: new Map(rows.map(({ id, deal }) => [id, Number(deal)])),
    arrivals: (await sandbox.requests('amocrm')).map(({ at }) => at),
    limitPerSecond: AMOCRM.limitPerSecond,
    stages: AMOCRM.stages,
  };
}
