/** The conditions of a segment as a form that works without scripts: rows of field, sign and value. */
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

/** The filter in a form's fields. @throws SegmentSyntaxError for a row that cannot be read */
export function filterOf(form: URLSearchParams): SegmentFilter {
  const [fields, signs, values] = ['field', 'sign', 'value'].map((name) => form.getAll(name));
  const rows = (fields ?? []).flatMap((field, index) => {
    const value = values?.[index]?.trim() ?? '';
    if (field === '' || value === '') return [];
    const yes = field === 'bought' ? { да: 'yes', нет: 'no' }[value.toLowerCase()] : undefined;
    return [parseCondition(`${field}${signs?.[index] ?? '='}${yes ?? value}`)];
  });
  if (rows.length === 0) throw new SegmentSyntaxError('нет ни одного условия');
  return form.get('match') === 'any' ? { any: rows } : { all: rows };
}

/** Conditions that stand side by side; those that stand deeper are for the terminal. */
export function isSimple(filter: SegmentFilter): boolean {
  return partsOf(filter).every((part) => 'field' in part);
}

function partsOf(filter: SegmentFilter): readonly SegmentFilter[] {
  if ('all' in filter) return filter.all;
  return 'any' in filter ? filter.any : [filter];
}

export function conditionFields(filter: SegmentFilter | undefined): Html {
  const parts = filter ? partsOf(filter).filter((part) => 'field' in part) : [];
  const count = Math.min(MOST_ROWS, parts.length + SPARE_ROWS);
  const rows = Array.from({ length: count }, (_, index) => conditionRow(parts[index], index));
  const isAny = filter !== undefined && 'any' in filter;
  return html`<div class="field">
      <label for="match">Кого берём</label>
      <select class="input" id="match" name="match">
        <option value="all">тех, для кого верно всё ниже</option>
        <option value="any" ${isAny && html` selected`}>тех, для кого верно хоть что-то</option>
      </select>
    </div>
    <div class="conditions">${rows}</div>
    <p class="hint">
      Несколько значений пишите через запятую. «Покупал(а)»: да или нет. Дата: 2026-11-01 или 30d,
      то есть 30 дней назад. Рассылка: её номер из адреса страницы или any, то есть любая. Пустые
      строки не считаются.
    </p>`;
}

function conditionRow(part: SegmentCondition | undefined, index: number): Html {
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
    <select class="input" name="field" aria-label="Что">
      <option value="">—</option>
      ${options}
    </select>
    <select class="input" name="sign" aria-label="Как">
      ${SIGNS.map(([value_, word]) => html`<option value="${value_}" ${sign === value_ && html` selected`}>${word}</option>`)}
    </select>
    <input class="input" name="value" aria-label="Значение" value="${value}" autocomplete="off" />
  </fieldset>`;
}

function valueWords(value: SegmentCondition['value']): string {
  if (typeof value === 'boolean') return value ? 'да' : 'нет';
  return Array.isArray(value) ? value.join(', ') : value;
}
