/** What AmoCRM's contacts, deals and pipelines look like: as they are read, tolerantly, and as they are written. */
import { z } from 'zod';

export interface FieldValues {
  field_id?: number;
  field_code?: string;
  values: { value: unknown; enum_code?: string }[];
}

const fieldSchema = z.object({
  field_id: z.number().optional(),
  field_code: z.string().nullish(),
  values: z.array(z.object({ value: z.unknown(), enum_code: z.string().nullish() })).default([]),
});
export const contactSchema = z.object({
  id: z.number(),
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z.array(fieldSchema).nullish(),
  _embedded: z.object({ leads: z.array(z.object({ id: z.number() })).nullish() }).nullish(),
});
export type Contact = z.infer<typeof contactSchema>;

export const dealSchema = z.object({
  id: z.number(),
  name: z.string().nullish(),
  status_id: z.number(),
  pipeline_id: z.number(),
  /** Tenge, as people enter it; 0 when they did not. */
  price: z.number().nullish(),
  responsible_user_id: z.number().nullish(),
  /** Unix seconds. */
  updated_at: z.number().nullish(),
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z.array(fieldSchema).nullish(),
  _embedded: z
    .object({
      contacts: z.array(z.object({ id: z.number(), is_main: z.boolean().nullish() })).nullish(),
    })
    .nullish(),
});
export type Deal = z.infer<typeof dealSchema>;

/** `type` 1: incoming. */
const statusSchema = z
  .object({ id: z.number(), name: z.string(), sort: z.number(), type: z.number().nullish() })
  .transform(({ type, ...stage }) => ({ ...stage, isIncoming: type === 1 }));
export const pipelineSchema = z.object({
  id: z.number(),
  name: z.string(),
  _embedded: z.object({ statuses: z.array(statusSchema) }),
});
export type Pipeline = z.infer<typeof pipelineSchema>;

export const accountSchema = z.object({ current_user_id: z.number() });
export const userSchema = z.object({ id: z.number(), email: z.string().catch('') });
export type User = z.infer<typeof userSchema>;
/** Something that a person has to do. */
export const taskSchema = z.object({ id: z.number(), text: z.string().nullish() });
export type Task = z.infer<typeof taskSchema>;

export const fieldCodeSchema = z.object({ code: z.string().nullish() });
export const noteSchema = z.object({ params: z.object({ text: z.string().nullish() }).nullish() });
export const createdSchema = z.object({
  _embedded: z.object({ leads: z.tuple([z.object({ id: z.number() })]) }),
});

/** A deal as it is written. */
export interface NewDeal {
  name: string;
  pipeline_id?: number;
  status_id?: number;
  custom_fields_values?: FieldValues[];
  _embedded: { tags: { name: string }[]; contacts?: unknown[] };
}
export interface NewContact {
  name: string;
  custom_fields_values: FieldValues[];
}
export interface ContactPatch {
  custom_fields_values?: FieldValues[];
}
export interface DealPatch {
  pipeline_id?: number;
  status_id?: number;
  custom_fields_values?: FieldValues[];
  tags_to_add?: { name: string }[];
  responsible_user_id?: number;
}

/** Called when it is the request's turn, right before it leaves. */
export type AtTurn = () => Promise<void>;
