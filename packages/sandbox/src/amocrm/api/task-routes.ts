/** Tasks: what a manager has to do about a lead by when. AmoCRM takes the same task twice. */
import { done, nothing, type FieldError } from './answers.ts';
import { readAll, readItems, requestId } from './body.ts';
import type { Input } from './entity-input.ts';
import { words } from './field-values.ts';
import { asked, baseOf, filterOf, listAnswer, readQuery } from './listing.ts';
import type { Task } from '../store/records.ts';
import type { AmoRoute, ApiParts } from './route.ts';

export const taskRoutes: AmoRoute[] = [
  {
    method: 'GET',
    path: /^\/api\/v4\/tasks$/,
    handle: (request, { store }) => {
      const filter = filterOf(readQuery(request));
      const entityIds = asked(filter['entity_id']);
      const isDone = asked(filter['is_completed']);
      const rows = store.tasks
        .all()
        .filter(({ entityId }) => entityIds === null || entityIds.includes(String(entityId)))
        .filter(({ isCompleted }) => isDone === null || isDone.includes(isCompleted ? '1' : '0'));
      if (rows.length === 0) return nothing();
      return listAnswer(request, 'tasks', rows, showTask);
    },
  },
  {
    method: 'POST',
    path: /^\/api\/v4\/tasks$/,
    handle: (request, parts) => {
      const items = readItems(request);
      const drafts = readAll(items, (item, errors) => readTask(item, parts, errors));
      const tasks = drafts.map((draft) => {
        const task: Task = { id: parts.store.nextId('task'), ...draft };
        parts.store.tasks.put(String(task.id), task);
        return task;
      });
      parts.world.changed();
      const made = tasks.map(({ id }, index) => ({
        id,
        request_id: requestId(items[index] ?? {}, index),
      }));
      return done({
        _links: { self: { href: `${baseOf(request)}${request.path}` } },
        _embedded: { tasks: made },
      });
    },
  },
];

function readTask(item: Input, { store, settings }: ApiParts, errors: FieldError[]) {
  const { text, entity_id: entityId, responsible_user_id: userId, complete_till: until } = item;
  for (const [path, value] of Object.entries({ text, complete_till: until })) {
    if (value !== undefined && value !== '') continue;
    errors.push({ code: 'FieldMissing', path, detail: words.missing });
  }
  if (store.lead(entityId)?.isDeleted !== false || item['entity_type'] !== 'leads') {
    errors.push({ code: 'NotSupportedChoice', path: 'entity_id', detail: words.choice });
  }
  const { users, integrationUserId } = settings();
  if (userId !== undefined && !users.some(({ id }) => id === userId)) {
    errors.push({ code: 'NotSupportedChoice', path: 'responsible_user_id', detail: words.choice });
  }
  return {
    text: String(text),
    entityId: Number(entityId),
    responsibleUserId: Number(userId ?? integrationUserId),
    completeTill: Number(until),
    isCompleted: false,
  };
}

const showTask = (task: Task) => ({
  id: task.id,
  text: task.text,
  entity_id: task.entityId,
  entity_type: 'leads',
  responsible_user_id: task.responsibleUserId,
  complete_till: task.completeTill,
  is_completed: task.isCompleted,
  task_type_id: 1,
});
