/** What a manager reads of a deal itself: its name, tags and tracking fields. */
import { clickIdNames, type ClickIdName } from '@leadwire/shared/contract/attribution';
import type { Lead, LeadKind } from '@leadwire/shared/contract/events';
import type { Student } from '@leadwire/shared/contract/student-facts';
import { toShownText } from '@leadwire/templates/user-text';
import type { Deal, FieldValues } from './amocrm-records.ts';

/** Their text fields take 256 characters. */
const LONGEST_FIELD = 256;
const LONGEST_NAME = 200;

export const KIND_NAMES: Record<LeadKind, string> = {
  proftest: 'Профтест',
  purchase: 'Покупка курса',
  request: 'Заявка',
};

/** AmoCRM's own tracking fields; every account has them under these codes. */
const UTM_FIELDS = {
  source: 'UTM_SOURCE',
  medium: 'UTM_MEDIUM',
  campaign: 'UTM_CAMPAIGN',
  content: 'UTM_CONTENT',
  term: 'UTM_TERM',
} as const;

/**
 * The short number of a lead, at the end of its deal's name: the last 12 digits of its id. It is what
 * finds the deal when no field for the whole id is configured.
 */
export function referenceOf(id: string): string {
  return `#${id.slice(-12)}`;
}

/** `Профтест: Айгерим #7b0f4e8a1c37` */
export function leadDealName({ kind, name, leadId }: Lead): string {
  return dealName(KIND_NAMES[kind], name, leadId);
}

export function studentDealName({ name }: Student, id: string): string {
  return dealName('Студент', name, id);
}

function dealName(what: string, name: string, id: string): string {
  return `${what}: ${shownName(name)} ${referenceOf(id)}`;
}

/** What a stranger typed for a name, as staff may read it: one line, without links. */
export function shownName(name: string): string {
  return toShownText(name, LONGEST_NAME);
}

/** Of the advertisers' ids of a click, those that AmoCRM has a field for, in accounts with such advertising. */
const CLICK_FIELDS: Partial<Record<ClickIdName, string>> = {
  gclid: 'GCLID',
  yclid: 'YCLID',
  fbclid: 'FBCLID',
};
const TRACKING_CODES: readonly string[] = [
  ...Object.values(UTM_FIELDS),
  ...Object.values(CLICK_FIELDS),
];

/** Attribution, in the fields that AmoCRM's own reports read. `has`: codes of the fields that the account has. */
export function trackingFields(
  { utm, attribution }: Lead,
  has: ReadonlySet<string>,
): FieldValues[] {
  const utmValues = Object.entries(UTM_FIELDS).map(
    ([key, code]) => [code, utm[key as keyof typeof UTM_FIELDS]] as const,
  );
  const clickValues = clickIdNames.flatMap((name) => {
    const code = CLICK_FIELDS[name];
    return code !== undefined && has.has(code)
      ? [[code, attribution?.clickIds[name]] as const]
      : [];
  });
  return [...utmValues, ...clickValues].flatMap(([field_code, typed]) => {
    const value = typed?.trim().slice(0, LONGEST_FIELD);
    return value ? [{ field_code, values: [{ value }] }] : [];
  });
}

/** Whether a deal has tracking of a click: then that of another one is not mixed into it. */
export function isTracked({ custom_fields_values }: Pick<Deal, 'custom_fields_values'>): boolean {
  return (custom_fields_values ?? []).some(
    ({ field_code, values }) => TRACKING_CODES.includes(field_code ?? '') && values.length > 0,
  );
}

/** What a form may call itself, by its kind, when its slug is anybody's word. */
const KIND_TAGS: Record<LeadKind, string> = {
  proftest: 'proftest',
  purchase: 'course_purchase',
  request: 'request',
};

/**
 * Tags are made for good and everybody sees them, so only known words become some: slugs of `slugs` or of a form in
 * `intake_forms`, payment methods that have a stage.
 */
export function leadTags(
  { kind, source, campaign, form, contactIssues, paymentMethod }: Lead,
  { slugs, methods }: { slugs: ReadonlySet<string>; methods: readonly string[] },
): string[] {
  const isOwnForm = form !== undefined && !contactIssues.includes('form_unknown');
  const isKnown = campaign !== null && (slugs.has(campaign) || isOwnForm);
  const method = paymentMethod?.trim().toLowerCase() ?? '';
  return [
    ...new Set([
      ...(isKnown ? [source, campaign] : [KIND_TAGS[kind]]),
      ...(methods.includes(method) ? [method] : []),
    ]),
  ].map((tag) => tag.slice(0, LONGEST_FIELD));
}
