/** Changes of deals in words. */
import type { Account } from './account.ts';
import type { Lead } from './records.ts';

export const isOther = (before: unknown, after: unknown): boolean =>
  JSON.stringify(before) !== JSON.stringify(after);

/** What a manager reads of a change of a deal; null when nothing that is shown has changed. */
export function describeChange(before: Lead, after: Lead, account: Account): string | null {
  if (after.statusId !== before.statusId || after.pipelineId !== before.pipelineId) {
    return `Этап: ${stageOf(before, account)} → ${stageOf(after, account)}`;
  }
  const names = {
    name: 'название',
    price: 'бюджет',
    responsibleUserId: 'ответственный',
    fields: 'поля',
    tags: 'теги',
    contactIds: 'контакты',
    companyIds: 'компании',
  };
  const changed = Object.entries(names).filter(([key]) =>
    isOther(Reflect.get(before, key), Reflect.get(after, key)),
  );
  return changed.length === 0 ? null : `Изменено: ${changed.map(([, name]) => name).join(', ')}`;
}

function stageOf({ pipelineId, statusId }: Lead, account: Account): string {
  const pipeline = account.pipeline(pipelineId);
  const status = pipeline && account.statuses(pipeline).find(({ id }) => id === statusId);
  return status?.name ?? String(statusId);
}
