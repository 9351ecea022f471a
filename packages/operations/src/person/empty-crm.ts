/**
 * A person's contact and deals in AmoCRM, without the person: fields emptied, names and notes overwritten, a tag that says
 * why. Its API deletes nothing; what stays is told, for somebody to do by hand. Any number of times, and each time all.
 */
import { GoneError, type AmoHttp } from '@leadwire/shared/providers/amocrm/http';
import { toError } from '@leadwire/shared/errors';
import { z } from 'zod';
import type { CrmOfPerson } from './crm.ts';

const GONE = 'Данные удалены по просьбе человека';
const TAG = { name: 'Данные удалены' };
/** Tracking of the click that was paid for: counted, and about nobody. */
const KEPT_FIELD = /^UTM_/;
/** What a person's words or contacts may stand in; numbers, choices and dates of deals are the account's own. */
const WORDS = [
  'text',
  'textarea',
  'multitext',
  'url',
  'streetaddress',
  'smart_address',
  'birthday',
];
const NOTES_PAGE = 250;
/** Notes in one request. */
const MOST_NOTES = 50;

const entitySchema = z.object({
  name: z.string().nullish(),
  is_deleted: z.boolean().nullish(),
  custom_fields_values: z
    .array(
      z.object({
        field_id: z.number(),
        field_code: z.string().nullish(),
        field_type: z.string().nullish(),
        values: z.array(z.object({ value: z.unknown() })).nullish(),
      }),
    )
    .nullish(),
});
type Entity = z.infer<typeof entitySchema>;
const notesSchema = z.object({
  _embedded: z.object({
    notes: z.array(
      z.object({
        id: z.number(),
        note_type: z.string(),
        params: z.looseObject({ text: z.string().nullish() }).nullish(),
      }),
    ),
  }),
});

interface Card {
  entity: 'contacts' | 'leads';
  id: number;
  /** For people: «контакт 5», «сделка 7». */
  words: string;
}

export interface CrmEmptied {
  /** Contacts and deals that were emptied, or are gone. */
  emptied: number;
  /** What a person has to do, in Russian. */
  left: string[];
  /** Whether nothing is left that another try could do. */
  isDone: boolean;
}

/**
 * Empties the cards. Whatever AmoCRM answers, this does not throw: the rest of an erasure goes on, and what could not be
 * done is in `left`.
 * @param amocrm undefined where it is not configured
 * @param ids of the person's leads, which the account's own field for them may keep
 */
export async function emptyCrm(
  amocrm: Pick<AmoHttp, 'request'> | undefined,
  { contactIds, dealIds, shared }: CrmOfPerson,
  ids: ReadonlySet<string>,
): Promise<CrmEmptied> {
  const cards: Card[] = [
    ...contactIds.map((id) => ({ entity: 'contacts' as const, id, words: `контакт ${id}` })),
    ...dealIds.map((id) => ({ entity: 'leads' as const, id, words: `сделка ${id}` })),
  ];
  const result: CrmEmptied = { emptied: 0, left: [], isDone: true };
  for (const card of cards) {
    const isShared = (card.entity === 'contacts' ? shared.contactIds : shared.dealIds).includes(
      card.id,
    );
    if (isShared) {
      result.left.push(
        `AmoCRM: ${card.words} — общая карточка с другим человеком: уберите из неё данные сами.`,
      );
      continue;
    }
    if (amocrm === undefined) {
      result.isDone = false;
      result.left.push(`AmoCRM: ${card.words}: очистите сами, AMOCRM_BASE_URL не задан.`);
      continue;
    }
    try {
      result.left.push(...(await emptyCard(amocrm, card, ids)));
      result.emptied += 1;
    } catch (thrown) {
      result.isDone = false;
      result.left.push(
        `AmoCRM: ${card.words}: не удалось (${toError(thrown).message}). Повторите «leadwire person apply» или очистите сами.`,
      );
    }
  }
  return result;
}

/** What stays of the card, in words. @throws as `AmoHttp.request` */
async function emptyCard(
  amocrm: Pick<AmoHttp, 'request'>,
  card: Card,
  ids: ReadonlySet<string>,
): Promise<string[]> {
  const path = `/api/v4/${card.entity}/${card.id}`;
  const before = await readCard(amocrm, path);
  if (before === undefined) return [];
  const fields = personalFields(before, card, ids);
  const body = {
    name: GONE,
    ...(card.entity === 'contacts' && { first_name: '', last_name: '' }),
    ...(fields.length > 0 && {
      custom_fields_values: fields.map((field_id) => ({ field_id, values: null })),
    }),
    tags_to_add: [TAG],
  };
  await amocrm.request({ action: 'empty_card', method: 'PATCH', path, body });
  const others = await overwriteNotes(amocrm, card);
  const after = await readCard(amocrm, path);
  const isFull =
    after !== undefined && (after.name !== GONE || personalFields(after, card, ids).length > 0);
  return [
    ...(isFull ? [`AmoCRM: ${card.words}: не все поля удалось очистить, проверьте.`] : []),
    ...(others > 0
      ? [`AmoCRM: ${card.words}: удалите звонки, письма и вложения (${others}).`]
      : []),
    `AmoCRM: ${card.words}: данные убраны, но история изменений помнит прежние; карточку насовсем удаляет только человек.`,
  ];
}

/** Undefined when somebody has deleted it. */
async function readCard(
  amocrm: Pick<AmoHttp, 'request'>,
  path: string,
): Promise<Entity | undefined> {
  try {
    const found = await amocrm.request({ action: 'read_card', method: 'GET', path });
    const card = found === undefined ? undefined : entitySchema.parse(found);
    return card?.is_deleted ? undefined : card;
  } catch (thrown) {
    if (thrown instanceof GoneError) return undefined;
    throw thrown;
  }
}

/** Ids of the fields that have to be emptied: all of a contact's, of a deal those with words. */
function personalFields(
  { custom_fields_values }: Entity,
  { entity }: Card,
  ids: ReadonlySet<string>,
) {
  return (custom_fields_values ?? [])
    .filter(({ field_code, field_type, values }) => {
      const texts = (values ?? []).map(({ value }) =>
        typeof value === 'string' ? value : JSON.stringify(value ?? ''),
      );
      if (texts.every((text) => text === '' || text === '""' || ids.has(text))) return false;
      if (entity === 'contacts') return true;
      return !KEPT_FIELD.test(field_code ?? '') && WORDS.includes(field_type ?? 'text');
    })
    .map(({ field_id }) => field_id);
}

/** How many are not ours to write: calls, letters, files. */
async function overwriteNotes(
  amocrm: Pick<AmoHttp, 'request'>,
  { entity, id }: Card,
): Promise<number> {
  const query = { limit: String(NOTES_PAGE) };
  const path = `/api/v4/${entity}/${id}/notes`;
  const found = await amocrm.request({ action: 'read_notes', method: 'GET', path, query });
  const notes = found === undefined ? [] : notesSchema.parse(found)._embedded.notes;
  const texts = notes.filter(
    ({ note_type, params }) => note_type === 'common' && params?.text !== GONE,
  );
  for (let from = 0; from < texts.length; from += MOST_NOTES) {
    const body = texts.slice(from, from + MOST_NOTES).map((note) => ({
      id: note.id,
      entity_id: id,
      note_type: 'common',
      params: { text: GONE },
    }));
    await amocrm.request({
      action: 'overwrite_notes',
      method: 'PATCH',
      path: `/api/v4/${entity}/notes`,
      body,
    });
  }
  return notes.filter(({ note_type }) => note_type !== 'common').length;
}
