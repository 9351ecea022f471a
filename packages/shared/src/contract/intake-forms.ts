/** Forms of other people's making that post leads to us, and what becomes of a post that cannot be read. */
import { z } from 'zod';

/** How a sender writes a lead. `auto` finds out by looking at each post. */
export const dialects = [
  'json',
  'tilda',
  'cf7',
  'elementor',
  'wpforms',
  'gravity',
  'google-forms',
  'typeform',
  'jotform',
  'google-ads',
  'facebook',
] as const;
export type Dialect = (typeof dialects)[number];

export const SLUG_RULE = 'expected 1 to 64 lower-case letters, digits, - or _';

/** A row of `intake_forms` as far as reading posts needs it. */
export const intakeFormSchema = z.object({
  /** The last part of its address, `/api/forms/<slug>`. */
  slug: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, SLUG_RULE),
  /** One of `leadKinds` in events.ts, which imports from here. */
  kind: z.enum(['proftest', 'purchase', 'request']),
  dialect: z.enum(['auto', ...dialects]),
  /** Their field's name -> ours (`ourFields`). */
  mapping: z.record(z.string(), z.string()),
  /** What the sender signs with, or shows as `?key=` or `X-Leadwire-Key`; null lets everybody post. */
  secret: z.string().nullable(),
  active: z.boolean(),
});
export type IntakeForm = z.infer<typeof intakeFormSchema>;

/**
 * What a field can be mapped to. `answer` keeps it among the answers, `ignore` drops it. `challenge` is what the
 * challenge's widget put into the form: a form with such a field is one that every sender has to pass it for.
 */
export const ourFields = [
  'name',
  'firstName',
  'lastName',
  'email',
  'phone',
  'paymentMethod',
  'course',
  'consent',
  'consentAt',
  'consentText',
  'id',
  'page',
  'referrer',
  'cookies',
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_content',
  'utm_term',
  'answer',
  'challenge',
  'ignore',
] as const;
export type OurField = (typeof ourFields)[number];

/** The bucket `intake_forms` holds all forms under this one key, so that they are always of one moment. */
export const FORMS_KEY = 'all';
export const formListSchema = z.array(intakeFormSchema);

/** Why a post made no lead. */
export const rejectReasons = ['no_contacts', 'unreadable', 'wrong_secret', 'form_off'] as const;
export type RejectReason = (typeof rejectReasons)[number];

/** A post that made no lead, as it came: it is read again when the form is mended. */
export const rejectSchema = z.object({
  rejectId: z.uuid(),
  /** The last part of the address that it was posted to, known to us or not. */
  form: z.string(),
  /** What it was taken for, when that is known. */
  dialect: z.enum(dialects).optional(),
  reason: z.enum(rejectReasons),
  /** Names of the fields that came, without values. */
  fields: z.array(z.string()),
  contentType: z.string(),
  /** The address' query without the form's secret. */
  query: z.string(),
  body: z.string(),
  /** `base64` for a body that is no text. */
  encoding: z.enum(['utf8', 'base64']),
  receivedAt: z.iso.datetime(),
});
export type Reject = z.infer<typeof rejectSchema>;
