/** Entities as the API shows them (docs "Leads", "Contacts", "Custom fields", "Pipelines"). */
import type { Account, AccountPipeline } from '../store/account.ts';
import {
  LOST,
  WON,
  type Contact,
  type FieldValues,
  type Lead,
  type Note,
} from '../store/records.ts';
import type { AmocrmSettings, Field, Status } from '../lifecycle/settings.ts';
import type { EntityType, Tag } from '../store/records.ts';

export type RenderParts = { account: Account; settings: () => AmocrmSettings };

const self = (href: string) => ({ self: { href } });
const showTags = (tags: Tag[]) => tags.map(({ id, name }) => ({ id, name, color: null }));
const showIds = (ids: number[], base: string) =>
  ids.map((id) => ({ id, _links: self(`${base}/companies/${id}`) }));

/** Null instead of an empty list; fields that were deleted meanwhile are gone with their values. */
export function showFields(
  held: FieldValues[],
  entity: EntityType,
  account: Account,
): unknown[] | null {
  const shown = held.flatMap(({ fieldId, values }) => {
    const field = account.fieldBy(entity, { id: fieldId });
    if (field === undefined || values.length === 0) return [];
    return [
      {
        field_id: field.id,
        field_name: field.name,
        field_code: field.code,
        field_type: field.type,
        values: values.map(({ value, enumId, enumCode }) => ({
          value,
          ...(enumId !== undefined && { enum_id: enumId }),
          ...(enumCode !== undefined && { enum_code: enumCode }),
        })),
      },
    ];
  });
  return shown.length === 0 ? null : shown;
}

export function showLead(
  lead: Lead,
  { account, settings }: RenderParts,
  base: string,
  embeds: string[] = [],
) {
  const contacts = lead.contactIds.map((id, index) => ({
    id,
    is_main: index === 0,
    _links: self(`${base}/contacts/${id}`),
  }));
  return {
    ...showCommon(lead),
    price: lead.price,
    status_id: lead.statusId,
    pipeline_id: lead.pipelineId,
    loss_reason_id: lead.lossReasonId,
    closed_at: lead.closedAt,
    score: null,
    labor_cost: null,
    account_id: settings().accountId,
    custom_fields_values: showFields(lead.fields, 'leads', account),
    _links: self(`${base}/leads/${lead.id}`),
    _embedded: {
      tags: showTags(lead.tags),
      companies: showIds(lead.companyIds, base),
      ...(embeds.includes('contacts') && { contacts }),
      ...(embeds.includes('loss_reason') && { loss_reason: [] }),
    },
  };
}

export function showContact(
  contact: Contact,
  { account, settings }: RenderParts,
  base: string,
  leads?: Lead[],
) {
  return {
    ...showCommon(contact),
    first_name: contact.firstName,
    last_name: contact.lastName,
    is_unsorted: false,
    account_id: settings().accountId,
    custom_fields_values: showFields(contact.fields, 'contacts', account),
    _links: self(`${base}/contacts/${contact.id}`),
    _embedded: {
      tags: showTags(contact.tags),
      companies: showIds(contact.companyIds, base),
      ...(leads && {
        leads: leads.map(({ id }) => ({ id, _links: self(`${base}/leads/${id}`) })),
      }),
    },
  };
}

function showCommon(entity: Lead | Contact) {
  return {
    id: entity.id,
    name: entity.name,
    responsible_user_id: entity.responsibleUserId,
    group_id: 0,
    created_by: entity.createdBy,
    updated_by: entity.updatedBy,
    created_at: entity.createdAt,
    updated_at: entity.updatedAt,
    closest_task_at: null,
    is_deleted: entity.isDeleted,
  };
}

export function showNote(note: Note, { settings }: RenderParts, base: string) {
  return {
    id: note.id,
    entity_id: note.entityId,
    created_by: note.createdBy,
    updated_by: note.createdBy,
    created_at: note.createdAt,
    updated_at: note.createdAt,
    responsible_user_id: note.createdBy,
    group_id: 0,
    note_type: note.noteType,
    params: note.params,
    account_id: settings().accountId,
    _links: self(`${base}/${note.entityType}/${note.entityId}/notes/${note.id}`),
  };
}

export function showPipeline(pipeline: AccountPipeline, parts: RenderParts, base: string) {
  const { account, settings } = parts;
  const statuses = account.statuses(pipeline);
  return {
    id: pipeline.id,
    name: pipeline.name,
    sort: account.pipelines().findIndex(({ id }) => id === pipeline.id) + 1,
    is_main: pipeline.main,
    is_unsorted_on: statuses.some(({ incoming }) => incoming),
    is_archive: pipeline.archived,
    account_id: settings().accountId,
    _links: self(`${base}/leads/pipelines/${pipeline.id}`),
    _embedded: {
      statuses: statuses.map((status, index) => showStatus(status, index, pipeline, parts, base)),
    },
  };
}

/** Won and lost stand at the end of every pipeline, at 10000 and 11000. */
export function showStatus(
  status: Status,
  index: number,
  pipeline: AccountPipeline,
  { settings }: RenderParts,
  base: string,
) {
  const sort = status.id === WON ? 10_000 : status.id === LOST ? 11_000 : (index + 1) * 10;
  return {
    id: status.id,
    name: status.name,
    sort,
    is_editable: !status.incoming && status.id !== WON && status.id !== LOST,
    pipeline_id: pipeline.id,
    color: status.color,
    type: status.incoming ? 1 : 0,
    account_id: settings().accountId,
    _links: self(`${base}/leads/pipelines/${pipeline.id}/statuses/${status.id}`),
  };
}

export function showField(field: Field, { settings }: RenderParts, base: string) {
  return {
    id: field.id,
    name: field.name,
    type: field.type,
    account_id: settings().accountId,
    code: field.code,
    sort: 500,
    is_api_only: false,
    is_predefined: field.code === 'PHONE' || field.code === 'EMAIL' || field.code === 'POSITION',
    entity_type: field.entity,
    enums:
      field.enums.length === 0
        ? null
        : field.enums.map(({ id, value }, index) => ({ id, value, sort: index + 1 })),
    _links: self(`${base}/${field.entity}/custom_fields/${field.id}`),
  };
}
