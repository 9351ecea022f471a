/** What is told about the people who work here, and about what they did. */
import { z } from 'zod';

export const staffRoles = ['owner', 'sales', 'targetologist', 'viewer'] as const;
export type StaffRole = (typeof staffRoles)[number];

export const staffSchema = z.object({
  /** The Auth user's id, the same in every project. */
  staffId: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: z.enum(staffRoles),
  utmSources: z.array(z.string()),
  active: z.boolean(),
  at: z.iso.datetime(),
});
/** A person who works here as they are from `at` on. */
export type StaffState = z.infer<typeof staffSchema>;

export const leadTakingSchema = z.object({
  leadId: z.uuid(),
  /** Who pressed the button under its notice. */
  staffId: z.uuid(),
  at: z.iso.datetime(),
});

/** A lead is somebody's from `at` on, until the next word about it. */
export const assignmentSchema = z.object({
  leadId: z.uuid(),
  /** Who works here and has it now; null when its deal went to somebody who does not. */
  staffId: z.uuid().nullable(),
  at: z.iso.datetime(),
});
export type Assignment = z.infer<typeof assignmentSchema>;

export const auditSchema = z.object({
  /** A person's address, or `cli:<user of the machine>`. */
  actor: z.string().min(1),
  /** What was done to what kind of thing: `staff.disabled`, `lead.released`. Two tokens of a subject. */
  action: z.string().regex(/^[a-z][a-z_]*\.[a-z][a-z_]*$/),
  /** An id, or a word for many; never a contact. */
  subject: z.string().min(1),
  result: z.enum(['done', 'refused', 'failed']),
  details: z.record(z.string(), z.unknown()).optional(),
  at: z.iso.datetime(),
});
export type AuditRecord = z.infer<typeof auditSchema>;
