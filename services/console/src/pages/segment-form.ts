/** The conditions of a segment as a form that works without scripts: groups of rows of field, sign and value. */
import {
  SegmentSyntaxError,
  parseCondition,
  segmentFields,
  type SegmentCondition,
  type SegmentField,
  type SegmentFilter,
} from '@leadwire/shared/contract/segments';
import { html, type Html } from '../html.ts';
import { fieldWords } from '../words/campaigns.ts';

/** Filled rows and some more to fill. */
const SPARE_ROWS = 2;
const MOST_ROWS = 12;

const SIGNS = [
  ['=', 'это'],
  ['!=', 'не это'],
  ['>=', 'с (дата или 30d)'],
  ['<', 'раньше (дата или 30d)'],
] as const;
const SIGN_OF = { is: '=', is_not: '!=', since: '>=', before: '<' } as const;

type Match = 'all' | 'any';

/** What a filter is in the form: groups of conditions, and how they go together. The language nests no deeper. */
interface Groups {
  match: Match;
  groups: { match: Match; conditions: SegmentCondition[] }[];
}

/** The filter in a form's fields. @throws SegmentSyntaxError for a row that cannot be read */
export function filterOf(form: URLSearchParams): SegmentFilter {
  const match = matchOf(form.get('match'));
  const parts = form.getAll('group').flatMap((group): SegmentFilter[] => {
    const conditions = conditionsOf(form, group);
    const own = matchOf(form.get(`${group}.match`));
    // What goes together as the groups do needs no group of its own.
    if (own === match || conditions.length < 2) return conditions;
    return [own === 'any' ? { any: conditions } : { all: conditions }];
  });
  if (parts.length === 0) throw new SegmentSyntaxError('нет ни одного условия');
  const [only] = parts;
  if (parts.length === 1 && only && !('field' in only)) return only;
  return match === 'any' ? { any: parts } : { all: parts };
}

const matchOf = (typed: string | null): Match => (typed === 'any' ? 'any' : 'all');

function conditionsOf(form: URLSearchParams, group: string): SegmentCondition[] {
  const [fields, signs, values] = ['field', 'sign', 'value'].map((name) => form.getAll(`${group}.${name}`)); // prettier-ignore
  return (fields ?? []).flatMap((field, index) => {
    const value = values?.[index]?.trim() ?? '';
    if (field === '' || value === '') return [];
    const yes = field === 'bought' ? { да: 'yes', нет: 'no' }[value.toLowerCase()] : undefined;
    return [parseCondition(`${field}${signs?.[index] ?? '='}${yes ?? value}`)];
  });
}

/** Conditions that stand beside groups are a group that goes together as those do. */
function groupsOf(filter: SegmentFilter | undefined): Groups {
  if (!filter) return { match: 'all', groups: [{ match: 'all', conditions: [] }] };
  const { match, parts } = sidesOf(filter);
  const bare = parts.filter((part) => 'field' in part);
  const groups = parts.flatMap((part) =>
    'field' in part ? [] : [{ match: sidesOf(part).match, conditions: leavesOf(part) }],
  );
  const first = bare.length > 0 || groups.length === 0 ? [{ match, conditions: bare }] : [];
  return { match, groups: [...first, ...groups] };
}

function sidesOf(filter: SegmentFilter): { match: Match; parts: readonly SegmentFilter[] } {
  if ('any' in filter) return { match: 'any', parts: filter.any };
  return { match: 'all', parts: 'all' in filter ? filter.all : [filter] };
}

const leavesOf = (filter: SegmentFilter): SegmentCondition[] =>
  'field' in filter ? [filter] : sidesOf(filter).parts.flatMap(leavesOf);

/** `spareGroups`: empty ones to fill. */
export function conditionFields(filter: SegmentFilter | undefined, spareGroups = 0): Html {
  const { match, groups } = groupsOf(filter);
  const other: Match = match === 'all' ? 'any' : 'all';
  const spare = Array.from({ length: spareGroups }, () => ({ match: other, conditions: [] }));
  const shown = [...groups, ...spare];
  return html`${shown.map((group, at) => html`${at > 0 && html`<p class="group-word">${match === 'all' ? 'и' : 'или'}</p>`}${groupFields(group, at, shown.length)}`)}
    <div class="row">
      <button class="btn btn-quiet" name="act" value="group">+ Группа условий</button>
    </div>
    ${shown.length > 1 ? matchField('match', 'Между группами', match, ['и: верны все группы', 'или: хватит одной']) : html`<input type="hidden" name="match" value="${match}" />`}
    <p class="hint">
      Несколько значений пишите через запятую. «Покупал(а)»: да или нет. Дата: 2026-11-01 или 30d,
      то есть 30 дней назад. Рассылка: её номер из адреса страницы или any, то есть любая. Пустые
      строки и группы не считаются.
    </p>`;
}

function matchField(
  name: string,
  label: string,
  match: Match,
  [all, any]: readonly [string, string],
): Html {
  const id = `m-${name.replace('.', '-')}`;
  return html`<div class="field">
    <label for="${id}">${label}</label>
    <select class="input" id="${id}" name="${name}">
      <option value="all">${all}</option>
      <option value="any" ${match === 'any' && html` selected`}>${any}</option>
    </select>
  </div>`;
}

function groupFields(
  { match, conditions }: Groups['groups'][number],
  at: number,
  of: number,
): Html {
  const count = Math.min(Math.max(MOST_ROWS, conditions.length), conditions.length + SPARE_ROWS);
  const rows = Array.from({ length: count }, (_, index) =>
    conditionRow(conditions[index], at, index),
  );
  return html`<fieldset class="group">
    <legend class="${of === 1 ? 'unseen' : 'group-name'}">Группа ${at + 1}</legend>
    <input type="hidden" name="group" value="${at}" />
    ${matchField(`${at}.match`, 'Кого берём', match, ['если верно всё ниже', 'если верно хоть что-то'])}
    <div class="conditions">${rows}</div>
  </fieldset>`;
}

function conditionRow(part: SegmentCondition | undefined, group: number, index: number): Html {
  const sign = part ? SIGN_OF[part.op] : '=';
  const value = part ? valueWords(part.value) : '';
  const options = (Object.keys(segmentFields) as SegmentField[]).map(
    (name) =>
      html`<option value="${name}" ${part?.field === name && html` selected`}>
        ${fieldWords[name] ?? name}
      </option>`,
  );
  return html`<fieldset class="condition">
    <legend class="unseen">Условие ${index + 1}</legend>
    <select class="input" name="${group}.field" aria-label="Что">
      <option value="">—</option>
      ${options}
    </select>
    <select class="input" name="${group}.sign" aria-label="Как">
      ${SIGNS.map(([value_, word]) => html`<option value="${value_}" ${sign === value_ && html` selected`}>${word}</option>`)}
    </select>
    <input
      class="input"
      name="${group}.value"
      aria-label="Значение"
      value="${value}"
      autocomplete="off"
    />
  </fieldset>`;
}

function valueWords(value: SegmentCondition['value']): string {
  if (typeof value === 'boolean') return value ? 'да' : 'нет';
  return Array.isArray(value) ? value.join(', ') : value;
}
