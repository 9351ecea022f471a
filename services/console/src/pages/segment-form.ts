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
import { dayFromWords, dayWords } from '../words/segments.ts';

/** Filled rows and some more to fill. */
const SPARE_ROWS = 2;
const MOST_ROWS = 12;

const SIGNS = [
  ['=', 'это'],
  ['!=', 'не это'],
  ['>=', 'с (дата)'],
  ['<', 'раньше (дата)'],
] as const;
const SIGN_OF = { is: '=', is_not: '!=', since: '>=', before: '<' } as const;

/** What a condition of each kind consists of, for whoever wrote it otherwise. */
const NEEDED = {
  text: 'нужно «это» или «не это»',
  moment: 'нужно «с» или «раньше» и дата, 01.11.2026, или сколько назад, 30 дней',
  flag: 'нужно «это» и «да» или «нет»',
  campaign: 'нужно «это» или «не это» и название рассылки или «любая»',
} as const;

type Match = 'all' | 'any';

/** A condition as it stands in the form, whether it can be read or not. */
interface Row {
  field: string;
  sign: string;
  value: string;
}

/** What the form shows: groups of conditions, and how they go together. The language nests no deeper. */
export interface Groups {
  match: Match;
  groups: { match: Match; rows: Row[] }[];
}

/** A campaign that conditions name. */
export interface Named {
  id: string;
  name: string;
}

/** What was typed, in its order; rows without a value are left out. */
export function groupsIn(form: URLSearchParams): Groups {
  const groups = form.getAll('group').map((group) => {
    const [fields, signs, values] = ['field', 'sign', 'value'].map((name) =>
      form.getAll(`${group}.${name}`),
    );
    const rows = (fields ?? []).flatMap((field, index) => {
      const value = values?.[index]?.trim() ?? '';
      return field === '' || value === '' ? [] : [{ field, sign: signs?.[index] ?? '=', value }];
    });
    return { match: matchOf(form.get(`${group}.match`)), rows };
  });
  return { match: matchOf(form.get('match')), groups };
}

/** @throws SegmentSyntaxError for a row that cannot be read, in words for whoever typed it */
export function filterOf({ match, groups }: Groups, campaigns: readonly Named[]): SegmentFilter {
  const parts = groups.flatMap(({ match: own, rows }): SegmentFilter[] => {
    const conditions = rows.map((row) => conditionOf(row, campaigns));
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

function conditionOf({ field, sign, value }: Row, campaigns: readonly Named[]): SegmentCondition {
  const kind = segmentFields[field as SegmentField];
  const said = value.toLowerCase();
  const machine = {
    text: () => value,
    flag: () => ({ да: 'yes', нет: 'no' })[said] ?? value,
    moment: () => dayFromWords(value),
    campaign: () =>
      said === 'любая'
        ? 'any'
        : (campaigns.find(({ name }) => name.toLowerCase() === said)?.id ?? value),
  }[kind]();
  try {
    return parseCondition(`${field}${sign}${machine}`);
  } catch (thrown) {
    if (!(thrown instanceof SegmentSyntaxError)) throw thrown;
    throw new SegmentSyntaxError(`«${fieldWords[field] ?? field}: ${value}», ${NEEDED[kind]}`);
  }
}

/** Conditions that stand beside groups are a group that goes together as those do. */
export function groupsOf(filter: SegmentFilter | undefined, campaigns: readonly Named[]): Groups {
  if (!filter) return { match: 'all', groups: [{ match: 'all', rows: [] }] };
  const row = (part: SegmentCondition) => rowOf(part, campaigns);
  const { match, parts } = sidesOf(filter);
  const bare = parts.filter((part) => 'field' in part);
  const groups = parts.flatMap((part) =>
    'field' in part ? [] : [{ match: sidesOf(part).match, rows: leavesOf(part).map(row) }],
  );
  const first = bare.length > 0 || groups.length === 0 ? [{ match, rows: bare.map(row) }] : [];
  return { match, groups: [...first, ...groups] };
}

function rowOf({ field, op, value }: SegmentCondition, campaigns: readonly Named[]): Row {
  const words =
    typeof value === 'boolean'
      ? value
        ? 'да'
        : 'нет'
      : Array.isArray(value)
        ? value.join(', ')
        : value;
  const shown = {
    text: () => words,
    flag: () => words,
    moment: () => dayWords(words),
    campaign: () =>
      words === 'any' ? 'любая' : (campaigns.find(({ id }) => id === words)?.name ?? words),
  }[segmentFields[field as SegmentField]]();
  return { field, sign: SIGN_OF[op], value: shown };
}

function sidesOf(filter: SegmentFilter): { match: Match; parts: readonly SegmentFilter[] } {
  if ('any' in filter) return { match: 'any', parts: filter.any };
  return { match: 'all', parts: 'all' in filter ? filter.all : [filter] };
}

const leavesOf = (filter: SegmentFilter): SegmentCondition[] =>
  'field' in filter ? [filter] : sidesOf(filter).parts.flatMap(leavesOf);

/** `campaigns` are offered as values; `spareGroups`: empty ones to fill. */
export function conditionFields(
  { match, groups }: Groups,
  campaigns: readonly Named[],
  spareGroups = 0,
): Html {
  const other: Match = match === 'all' ? 'any' : 'all';
  const spare = Array.from({ length: spareGroups }, () => ({ match: other, rows: [] }));
  const shown = [...groups, ...spare];
  return html`${shown.map((group, at) => html`${at > 0 && html`<p class="group-word">${match === 'all' ? 'и' : 'или'}</p>`}${groupFields(group, at, shown.length)}`)}
    <datalist id="campaigns">
      <option value="любая"></option>
      ${campaigns.map(({ name }) => html`<option value="${name}"></option>`)}
    </datalist>
    <div class="row">
      <button class="btn btn-quiet" name="act" value="group">+ Группа условий</button>
    </div>
    ${shown.length > 1 ? matchField('match', 'Между группами', match, ['и: верны все группы', 'или: хватит одной']) : html`<input type="hidden" name="match" value="${match}" />`}
    <p class="hint">
      Несколько значений пишите через запятую. «Покупал(а)»: да или нет. Дата: 01.11.2026 или 30
      дней, то есть 30 дней назад. Рассылка: её название или «любая». Пустые строки и группы не
      считаются.
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

function groupFields({ match, rows }: Groups['groups'][number], at: number, of: number): Html {
  const count = Math.min(Math.max(MOST_ROWS, rows.length), rows.length + SPARE_ROWS);
  const shown = Array.from({ length: count }, (_, index) => conditionRow(rows[index], at, index));
  return html`<fieldset class="group">
    <legend class="${of === 1 ? 'unseen' : 'group-name'}">Группа ${at + 1}</legend>
    <input type="hidden" name="group" value="${at}" />
    ${matchField(`${at}.match`, 'Кого берём', match, ['если верно всё ниже', 'если верно хоть что-то'])}
    <div class="conditions">${shown}</div>
  </fieldset>`;
}

function conditionRow(row: Row | undefined, group: number, index: number): Html {
  const options = (Object.keys(segmentFields) as SegmentField[]).map(
    (name) =>
      html`<option value="${name}" ${row?.field === name && html` selected`}>
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
      ${SIGNS.map(([sign, word]) => html`<option value="${sign}" ${row?.sign === sign && html` selected`}>${word}</option>`)}
    </select>
    <input
      class="input"
      name="${group}.value"
      aria-label="Значение"
      value="${row?.value}"
      list="campaigns"
      autocomplete="off"
    />
  </fieldset>`;
}
