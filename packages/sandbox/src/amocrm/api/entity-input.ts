/** Leads and contacts as clients send them, checked as AmoCRM checks: every error with its path, nothing written. */
import { firstStage, type AccountPipeline } from '../store/account.ts';
import type { FieldError } from './answers.ts';
import type { Parts } from '../store/edits.ts';
import { isRecord, readFieldValues, replaceFields, words } from './field-values.ts';
import { LOST, WON, type Contact, type EntityType, type Lead, type Tag } from '../store/records.ts';

export type Input = Record<string, unknown>;
type Checked = { parts: Parts; errors: FieldError[] };

const LONGEST_NAME = 255;
/** complex takes so many field values for each added entity. */
const MOST_FIELD_VALUES = 40;

/** The changes that a lead's body asks for. With `before` it is a PATCH of that lead. */
export function readLead(input: Input, checked: Checked, before?: Lead): Partial<Lead> {
  const { parts, errors } = checked;
  const price = whole(input, 'price', errors);
  const closedAt = whole(input, 'closed_at', errors);
  const lossReasonId = input['loss_reason_id'];
  return {
    ...readCommon(input, 'leads', checked, before),
    ...(price !== undefined && { price }),
    ...(closedAt !== undefined && { closedAt }),
    ...((typeof lossReasonId === 'number' || lossReasonId === null) && { lossReasonId }),
    ...readPlace(input, parts, errors, before),
  };
}

/** The changes that a contact's body asks for. */
export function readContact(input: Input, checked: Checked, before?: Contact): Partial<Contact> {
  const firstName = text(input, 'first_name', checked.errors);
  const lastName = text(input, 'last_name', checked.errors);
  const common = readCommon(input, 'contacts', checked, before);
  const parts = [firstName ?? before?.firstName ?? '', lastName ?? before?.lastName ?? ''];
  const isNamedInParts = firstName !== undefined || lastName !== undefined;
  return {
    ...common,
    ...(isNamedInParts && common.name === undefined && { name: parts.join(' ').trim() }),
    ...(firstName !== undefined && { firstName }),
    ...(lastName !== undefined && { lastName }),
  };
}

type Common = Partial<
  Pick<Lead, 'name' | 'responsibleUserId' | 'createdAt' | 'createdBy' | 'fields' | 'tags'>
>;

function readCommon(
  input: Input,
  entity: EntityType,
  { parts, errors }: Checked,
  before?: Lead | Contact,
): Common {
  const name = text(input, 'name', errors);
  const responsibleUserId = user(input, 'responsible_user_id', parts, errors);
  const createdBy = user(input, 'created_by', parts, errors);
  const createdAt = whole(input, 'created_at', errors);
  checkAge(input, errors, before);
  const given = input['custom_fields_values'];
  const fields = readFieldValues(given, entity, parts.account, {
    path: 'custom_fields_values',
    errors,
  });
  const tags = readTags(input, parts, errors, before?.tags ?? []);
  return {
    ...(name !== undefined && { name }),
    ...(responsibleUserId !== undefined && { responsibleUserId }),
    ...(createdBy !== undefined && { createdBy }),
    ...(createdAt !== undefined && { createdAt }),
    ...(given !== undefined && { fields: replaceFields(before?.fields ?? [], fields) }),
    ...(tags !== undefined && { tags }),
  };
}

function text(input: Input, name: string, errors: FieldError[]): string | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') {
    errors.push({ code: 'InvalidType', path: name, detail: words.type('string') });
    return undefined;
  }
  if (value.length > LONGEST_NAME) {
    errors.push({ code: 'TooLong', path: name, detail: words.long(LONGEST_NAME) });
  }
  return value;
}

function whole(input: Input, name: string, errors: FieldError[]): number | undefined {
  const value = input[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  errors.push({ code: 'InvalidType', path: name, detail: words.type('int') });
  return undefined;
}

function user(
  input: Input,
  name: string,
  { settings }: Parts,
  errors: FieldError[],
): number | undefined {
  const id = whole(input, name, errors);
  // 0 is the robot, and nobody.
  if (id === undefined || id === 0 || settings().users.some((each) => each.id === id)) return id;
  errors.push({ code: 'NotSupportedChoice', path: name, detail: words.choice });
  return undefined;
}

function checkAge(input: Input, errors: FieldError[], before?: Lead | Contact): void {
  const updatedAt = whole(input, 'updated_at', errors);
  if (before === undefined || updatedAt === undefined || updatedAt >= before.updatedAt) return;
  const detail = 'Last modified date is older than in database';
  errors.push({ code: 'NotSupportedChoice', path: 'updated_at', detail });
}

/** Pipeline and stage. Won and lost are in every pipeline, so they need the pipeline's id beside them. */
function readPlace(
  input: Input,
  { account }: Parts,
  errors: FieldError[],
  before?: Lead,
): Partial<Pick<Lead, 'pipelineId' | 'statusId'>> {
  const statusId = whole(input, 'status_id', errors);
  const pipelineId = whole(input, 'pipeline_id', errors);
  if (statusId === undefined && pipelineId === undefined && before !== undefined) return {};
  if (pipelineId === undefined && (statusId === WON || statusId === LOST)) {
    errors.push({ code: 'FieldMissing', path: 'pipeline_id', detail: words.missing });
    return {};
  }
  const pipelines = account.pipelines();
  const has = (pipeline: AccountPipeline): boolean =>
    account.statuses(pipeline).some(({ id, incoming }) => id === statusId && !incoming);
  const pipeline = pipelines.find((each) => {
    if (pipelineId !== undefined) return each.id === pipelineId;
    return statusId === undefined ? each.main : has(each);
  });
  if (pipeline === undefined || pipeline.archived) {
    const path = pipelineId === undefined ? 'status_id' : 'pipeline_id';
    errors.push({ code: 'NotSupportedChoice', path, detail: words.choice });
    return {};
  }
  if (statusId === undefined && before?.pipelineId === pipeline.id) return {};
  if (statusId !== undefined && !has(pipeline)) {
    errors.push({ code: 'NotSupportedChoice', path: 'status_id', detail: words.choice });
    return {};
  }
  return { pipelineId: pipeline.id, statusId: statusId ?? firstStage(pipeline) };
}

/** `_embedded.tags` replaces all of them, and then the other two ways are not even looked at. */
function readTags(
  input: Input,
  parts: Parts,
  errors: FieldError[],
  before: Tag[],
): Tag[] | undefined {
  const embedded = isRecord(input['_embedded']) ? input['_embedded']['tags'] : undefined;
  if (embedded !== undefined) return toTags(embedded, '_embedded.tags', parts, errors);
  if (input['tags_to_add'] === undefined && input['tags_to_delete'] === undefined) return undefined;
  const added = toTags(input['tags_to_add'], 'tags_to_add', parts, errors);
  const removed = toTags(input['tags_to_delete'], 'tags_to_delete', parts, errors);
  const left = before.filter((tag) => !isAmong(removed, tag));
  return [...left, ...added.filter((tag) => !isAmong(left, tag))];
}

const isAmong = (tags: Tag[], { name }: Tag): boolean =>
  tags.some((tag) => tag.name.toLowerCase() === name.toLowerCase());

/** A name that is new has the id 0 until it is written. */
function toTags(given: unknown, path: string, { store }: Parts, errors: FieldError[]): Tag[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    errors.push({ code: 'InvalidType', path, detail: words.type('array') });
    return [];
  }
  return given.flatMap((item: unknown, index) => {
    const { id, name } = isRecord(item) ? item : {};
    if (typeof name === 'string' && name !== '') return [{ id: 0, name }];
    const tag = store.tagById(id);
    if (tag !== undefined) return [tag];
    errors.push({ code: 'NotSupportedChoice', path: `${path}.${index}`, detail: words.choice });
    return [];
  });
}

/** Refuses what complex does not take: more than 40 field values in an entity. */
export function checkFieldCount(input: Input, path: string, errors: FieldError[]): void {
  const given = input['custom_fields_values'];
  if (!Array.isArray(given) || given.length <= MOST_FIELD_VALUES) return;
  const detail = `This collection should contain ${MOST_FIELD_VALUES} elements or less.`;
  errors.push({ code: 'TooMany', path: `${path}custom_fields_values`, detail });
}
