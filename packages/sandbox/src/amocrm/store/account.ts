/** What an administrator has set up: pipelines, stages, fields. He may delete a stage or a field at any moment. */
import type { Store } from '../../world/store.ts';
import { LOST, WON, type EntityType } from './records.ts';
import type { AmocrmSettings, Field, Pipeline, Status } from '../lifecycle/settings.ts';

export type AccountPipeline = Pipeline & { archived: boolean };

export type Account = {
  pipelines(): AccountPipeline[];
  pipeline(id: number): AccountPipeline | undefined;
  /** Every stage of the pipeline, won and lost at the end. */
  statuses(pipeline: Pipeline): Status[];
  fields(entity: EntityType): Field[];
  fieldBy(entity: EntityType, key: { id?: unknown; code?: unknown }): Field | undefined;
  /** Adds a field made through the API. */
  addField(field: Field): void;
  /** False when there is none. */
  deleteField(entity: EntityType, idOrCode: string): boolean;
  deleteStatus(pipelineId: number, statusId: number): boolean;
  archive(pipelineId: number, archived: boolean): boolean;
};

const SYSTEM_STATUSES: Status[] = [
  { id: WON, name: 'Успешно реализовано', color: '#CCFF66', incoming: false },
  { id: LOST, name: 'Закрыто и не реализовано', color: '#D5D8DB', incoming: false },
];

/** The settings say what there is; the store remembers what was added and deleted since. */
export function createAccount(store: Store, settings: () => AmocrmSettings): Account {
  const gone = store.table<true>('amocrm-gone');
  const added = store.table<Field>('amocrm-fields');
  const archived = store.table<boolean>('amocrm-archived');
  const isThere = (key: string): boolean => gone.get(key) === undefined;

  const pipelines = (): AccountPipeline[] =>
    settings().pipelines.map((pipeline) => ({
      ...pipeline,
      archived: archived.get(String(pipeline.id)) ?? false,
      statuses: pipeline.statuses.filter(({ id }) => isThere(`status:${pipeline.id}:${id}`)),
    }));
  const fields = (entity: EntityType): Field[] =>
    [...settings().fields, ...added.all()].filter(
      (field) => field.entity === entity && isThere(`field:${field.id}`),
    );
  const pipeline = (id: number) => pipelines().find((each) => each.id === id);

  return {
    pipelines,
    pipeline,
    statuses: ({ statuses }) => [...statuses, ...SYSTEM_STATUSES],
    fields,
    fieldBy: (entity, { id, code }) =>
      fields(entity).find(
        (field) => field.id === id || (field.code !== null && field.code === code),
      ),
    addField: (field) => added.put(String(field.id), field),
    deleteField: (entity, idOrCode) => {
      const field = fields(entity).find(
        ({ id, code }) => String(id) === idOrCode || code === idOrCode,
      );
      if (field !== undefined) gone.put(`field:${field.id}`, true);
      return field !== undefined;
    },
    deleteStatus: (pipelineId, statusId) => {
      const exists = pipeline(pipelineId)?.statuses.some(({ id }) => id === statusId) ?? false;
      if (exists) gone.put(`status:${pipelineId}:${statusId}`, true);
      return exists;
    },
    archive: (pipelineId, isArchived) => {
      const exists = pipeline(pipelineId) !== undefined;
      if (exists) archived.put(String(pipelineId), isArchived);
      return exists;
    },
  };
}

/** Where a lead lands that names no stage: the first one that is not the incoming one. */
export function firstStage(pipeline: Pipeline): number {
  return pipeline.statuses.find(({ incoming }) => !incoming)?.id ?? WON;
}
