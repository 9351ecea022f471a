/** What the account keeps: rows as they lie in the store. Times are whole seconds, as AmoCRM counts them. */

/** Entities that carry custom fields, tags and notes. */
export const entityTypes = ['leads', 'contacts', 'companies'] as const;
export type EntityType = (typeof entityTypes)[number];

/** Won and lost: in every pipeline, with the same ids, made by AmoCRM itself. */
export const WON = 142;
export const LOST = 143;

export type FieldValue = { value: string | number | boolean; enumId?: number; enumCode?: string };
export type FieldValues = { fieldId: number; values: FieldValue[] };
export type Tag = { id: number; name: string };

/** Words that the search knows from the moment `at` (ms): it lags behind the writes. */
export type Indexed = { at: number; words: string[] };
export type HistoryEntry = { at: number; by: number; text: string };

type Entity = {
  id: number;
  name: string;
  responsibleUserId: number;
  createdBy: number;
  updatedBy: number;
  createdAt: number;
  updatedAt: number;
  isDeleted: boolean;
  fields: FieldValues[];
  tags: Tag[];
  indexed: Indexed[];
};

export type Lead = Entity & {
  price: number;
  pipelineId: number;
  statusId: number;
  lossReasonId: number | null;
  closedAt: number | null;
  /** The main contact first. */
  contactIds: number[];
  companyIds: number[];
  history: HistoryEntry[];
};

export type Contact = Entity & { firstName: string; lastName: string; companyIds: number[] };
export type Company = { id: number; name: string };

/** Something that somebody has to do about a lead. */
export type Task = {
  id: number;
  text: string;
  entityId: number;
  responsibleUserId: number;
  /** Unix seconds. */
  completeTill: number;
  isCompleted: boolean;
};

export type Note = {
  id: number;
  entityType: EntityType;
  entityId: number;
  noteType: string;
  params: Record<string, unknown>;
  createdBy: number;
  createdAt: number;
};
