/** Custom fields as they are written: strict about field, enum and kind, so that a deleted one is noticed. */
import type { Account } from '../store/account.ts';
import type { FieldError } from './answers.ts';
import type { EntityType, FieldValue, FieldValues } from '../store/records.ts';
import type { Field } from '../lifecycle/settings.ts';

/** Symfony's words: AmoCRM validates with it. */
export const words = {
  choice: 'The value you selected is not a valid choice.',
  type: (type: string) => `This value should be of type ${type}.`,
  missing: 'This field is missing.',
  long: (most: number) => `This value is too long. It should have ${most} characters or less.`,
} as const;

const MANY_VALUES: Field['type'][] = ['multitext', 'multiselect'];
const LONGEST_TEXT = 256;
const LONGEST_TEXTAREA = 65_535;

type Place = { path: string; errors: FieldError[] };

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads `custom_fields_values`; what is wrong is added to `errors`. Empty values clear a field. */
export function readFieldValues(
  given: unknown,
  entity: EntityType,
  account: Account,
  { path, errors }: Place,
): FieldValues[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    errors.push({ code: 'InvalidType', path, detail: words.type('array') });
    return [];
  }
  return given.flatMap((item: unknown, index) => {
    const at = `${path}.${index}`;
    if (!isRecord(item)) {
      errors.push({ code: 'InvalidType', path: at, detail: words.type('array') });
      return [];
    }
    const field = account.fieldBy(entity, { id: item['field_id'], code: item['field_code'] });
    if (field === undefined) {
      const named = item['field_id'] === undefined ? 'field_code' : 'field_id';
      errors.push({ code: 'NotSupportedChoice', path: `${at}.${named}`, detail: words.choice });
      return [];
    }
    return [{ fieldId: field.id, values: readValues(item['values'], field, { path: at, errors }) }];
  });
}

function readValues(given: unknown, field: Field, { path, errors }: Place): FieldValue[] {
  if (given === null) return [];
  if (!Array.isArray(given)) {
    const code = given === undefined ? 'FieldMissing' : 'InvalidType';
    const detail = given === undefined ? words.missing : words.type('array');
    errors.push({ code, path: `${path}.values`, detail });
    return [];
  }
  if (given.length > 1 && !MANY_VALUES.includes(field.type)) {
    const detail = 'This collection should contain 1 element or less.';
    errors.push({ code: 'TooMany', path: `${path}.values`, detail });
    return [];
  }
  return given.flatMap((each: unknown, index) => {
    const value = readValue(each, field, { path: `${path}.values.${index}`, errors });
    return value === null ? [] : [value];
  });
}

function readValue(given: unknown, field: Field, place: Place): FieldValue | null {
  if (!isRecord(given)) return wrong(place, 'InvalidType', '', words.type('array'));
  const chosen = chooseEnum(given, field, place);
  if (chosen === null) return null;
  if (field.type === 'select' || field.type === 'multiselect') return chosen;
  const { value } = given;
  const detail = kindError(value, field.type);
  if (detail !== null) {
    return wrong(place, value === undefined ? 'FieldMissing' : 'InvalidType', '.value', detail);
  }
  const most = field.type === 'textarea' ? LONGEST_TEXTAREA : LONGEST_TEXT;
  if (typeof value === 'string' && value.length > most) {
    return wrong(place, 'TooLong', '.value', words.long(most));
  }
  return { ...chosen, value: value as FieldValue['value'] };
}

function wrong({ path, errors }: Place, code: string, under: string, detail: string): null {
  errors.push({ code, path: `${path}${under}`, detail });
  return null;
}

/** The enum that a value names by id, code or text; fields without enums have none. */
function chooseEnum(
  given: Record<string, unknown>,
  { type, enums }: Field,
  place: Place,
): FieldValue | null {
  if (enums.length === 0) return { value: '' };
  const { enum_id: id, enum_code: code, value } = given;
  const isMultitext = type === 'multitext';
  // A phone or an address without a kind is one from work.
  if (isMultitext && id === undefined && code === undefined) return enumValue(enums[0]);
  const found = enums.find((each) =>
    id !== undefined
      ? each.id === id
      : each.value === (isMultitext ? String(code).toUpperCase() : (code ?? value)),
  );
  if (found !== undefined) return enumValue(found, !isMultitext);
  const named = id !== undefined ? '.enum_id' : code !== undefined ? '.enum_code' : '.value';
  return wrong(place, 'NotSupportedChoice', named, words.choice);
}

function enumValue(chosen: Field['enums'][number] | undefined, isChoice = false): FieldValue {
  if (chosen === undefined) return { value: '' };
  if (isChoice) return { value: chosen.value, enumId: chosen.id };
  return { value: '', enumId: chosen.id, enumCode: chosen.value };
}

function kindError(value: unknown, type: Field['type']): string | null {
  if (value === undefined) return words.missing;
  if (type === 'checkbox') return typeof value === 'boolean' ? null : words.type('bool');
  if (type === 'numeric') {
    const isNumber =
      typeof value === 'number' || (typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value));
    return isNumber ? null : words.type('numeric');
  }
  if (type === 'date' || type === 'date_time') {
    const isDate =
      Number.isInteger(value) || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));
    return isDate ? null : words.type('int');
  }
  return typeof value === 'string' ? null : words.type('string');
}

/** What a PATCH leaves: fields that it names have the new values alone, the others stay. */
export function replaceFields(before: FieldValues[], patch: FieldValues[]): FieldValues[] {
  const named = new Set(patch.map(({ fieldId }) => fieldId));
  const kept = before.filter(({ fieldId }) => !named.has(fieldId));
  return [...kept, ...patch.filter(({ values }) => values.length > 0)];
}
