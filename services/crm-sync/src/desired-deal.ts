/** What should stand in AmoCRM, and what is needed to bring that about. */
import type { Leases } from '@leadwire/shared/coordination/leases';
import type { FieldValues } from './amocrm-records.ts';
import type { Amocrm } from './amocrm.ts';
import type { CrmMap } from './crm-map.ts';
import type { StagePlan } from './deal-plan.ts';
import type { Known } from './known.ts';
import type { Person } from './match.ts';
import type { Responsible } from './responsible.ts';
import type { Stages } from './stages.ts';

/** What should stand in AmoCRM. */
export interface DesiredDeal {
  /** Ours: the lead's, or one derived from the student's. */
  id: string;
  /** When the lead came, ISO; undefined of a student. */
  cameAt?: string;
  person: Person;
  dealName: string;
  /** Where a new deal begins (undefined: AmoCRM's first stage), and whether an open one moves there. */
  stage: { id: number | undefined; movesOpenDeals: boolean };
  /**
   * The platform knows its students. A form proves nothing about who sent it: it changes a deal that is there already
   * only when the contact has the form's phone.
   */
  isProven: boolean;
  tags: string[];
  /** The tracking of one click: written as a whole into a deal that has none, or not at all. */
  fields: FieldValues[];
  /** `known`: AmoCRM has had the person before. */
  note: ((known: Known | undefined) => string) | undefined;
}

export interface DealPorts {
  amocrm: Amocrm;
  map: CrmMap;
  leases: Leases;
  stages: Stages;
  plan: StagePlan;
  responsible: Pick<Responsible, 'join'>;
  /** CONTACT_HASH_SECRET: people are known by hashes with it. */
  hashSecret: string;
  /** The field that holds our id, if there is one. */
  idField: number | undefined;
  /** After this time AmoCRM's search knows what was written. */
  searchLagMs: number;
  now?: () => number;
}
