/** The table of a report: a row for each source, page, day, …; the sum below; and the way out as a file. */
import { ratiosOf, type Paid, type Report, type Sums } from '@leadwire/operations/reports/report';
import { groupingWords, rowWords } from '@leadwire/operations/reports/report-words';
import { formOf } from '@leadwire/shared/runtime/russian';
import { html, type Content, type Html } from '../html.ts';
import { sourceWords } from '../words/reasons.ts';
import { amount } from '../words/time.ts';
import { icon, typed } from './parts.ts';
import { reportHref, type ReportChoice, type Sorting } from './report-choice.ts';

/** Shown on the page; the file has all of them. */
const MOST_ROWS = 100;

const NUMBERS: readonly (readonly [Sorting, string])[] = [
  ['leads', 'Заявки'],
  ['sales', 'Продажи'],
  ['revenue', 'Выручка, ₸'],
  ['spend', 'Расход, ₸'],
  ['cpl', 'CPL, ₸'],
  ['cac', 'CAC, ₸'],
  ['romi', 'ROMI'],
];

export function reportTable(report: Report, choice: ReportChoice): Html {
  const rows = sorted(report.rows, choice);
  const title = groupingWords[choice.by];
  const head = NUMBERS.map(([sort, word]) => {
    const isHere = sort === (choice.sort ?? (isTime(choice) ? undefined : 'leads'));
    return html`<th
      role="columnheader"
      scope="col"
      class="num"
      ${isHere && html` aria-sort="descending"`}
    >
      <a class="sort" href="${reportHref(choice, { sort })}"
        >${isHere && icon('arrow-down', 'icon-s')} ${word}</a
      >
    </th>`;
  });
  return html`<section aria-labelledby="h-table">
    <h2 class="unseen" id="h-table">${title}</h2>
    <div class="table-box">
      <table class="table table-cards report" role="table" aria-labelledby="h-table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">${title}</th>
            ${head}
            <th role="columnheader" scope="col" class="num wide">До первого шага</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows.slice(0, MOST_ROWS).map((row) => line(nameOf(row, choice), row, row.contactMinutes))}
        </tbody>
        <tfoot role="rowgroup">
          ${foot(report)}
        </tfoot>
      </table>
      <div class="table-end">
        <span>${countWords(rows.length)}</span>
        <a class="btn" href="${reportHref(choice, {}, '/reports/csv')}" download
          >${icon('download', 'icon-s')} Скачать CSV</a
        >
      </div>
    </div>
    <p class="hint table-note">
      Прочерк значит, что расход не внесён. CPL = расход / заявки, CAC = расход / продажи, ROMI =
      (выручка − расход) / расход. Продажа считается по дню заявки, возвраты вычтены. «До первого
      шага» — от заявки до первого движения сделки, медиана. Заявки в карантине не считаются.
      Менеджер — у кого заявка сейчас, расход на менеджеров не делится.
    </p>
  </section>`;
}

const isTime = ({ by }: ReportChoice) => by === 'day' || by === 'week' || by === 'month';

/** As was chosen; days in their order, the rest by leads. What is not known comes last. */
function sorted(rows: readonly Sums[], choice: ReportChoice): Sums[] {
  const { sort } = choice;
  if (sort === undefined && isTime(choice)) {
    return [...rows].sort((a, b) => ((a.keys?.[0] ?? '') < (b.keys?.[0] ?? '') ? 1 : -1));
  }
  const of = (row: Sums) => ({ ...row, ...ratiosOf(row) })[sort ?? 'leads'] ?? -Infinity;
  return [...rows].sort((a, b) => (of(a) === of(b) ? 0 : of(b) - of(a)));
}

function nameOf({ keys }: Sums, choice: ReportChoice): Content {
  const { by } = choice;
  const { name, of } = rowWords(by, keys);
  const shown = typed(by === 'source' && keys !== null ? sourceWords(keys[0] ?? '') : name, 60);
  const inside = insideOf(keys, choice);
  return html`${inside === undefined ? shown : html`<a href="${inside}">${shown}</a>`}${of && html`<span class="sub">${typed(of, 60)}</span>`}`;
}

/** What a row is made of: a source of its campaigns, a campaign of its ads; where a manager’s leads came from. */
function insideOf(keys: Sums['keys'], choice: ReportChoice): string | undefined {
  const [source, campaign] = keys ?? [];
  if (choice.by === 'source' && source !== undefined) {
    return reportHref(choice, { by: 'campaign', source, sort: undefined });
  }
  if (choice.by === 'campaign' && campaign !== undefined) {
    return reportHref(choice, { by: 'ad', source, campaign, sort: undefined });
  }
  if (choice.by === 'manager' && source !== undefined) {
    return reportHref(choice, { by: 'source', manager: source, sort: undefined });
  }
  return undefined;
}

function foot({ paid, total }: Report): Content {
  const isPart = paid !== null && paid.leads !== total.leads;
  return [
    isPart && line('Источники с расходом', paid, undefined),
    // Of all together a price would be that of leads nobody has paid for as well.
    line('Всего', total, total.contactMinutes, isPart),
  ];
}

function line(name: Content, row: Paid, minutes: number | null | undefined, isMixed = false): Html {
  const { cpl, cac, romi } = isMixed ? { cpl: null, cac: null, romi: null } : ratiosOf(row);
  const whole = (value: number | null) => (value === null ? '—' : amount(Math.round(value)));
  const texts = [
    whole(row.leads),
    whole(row.sales),
    whole(row.revenue),
    whole(row.spend),
    whole(cpl),
    whole(cac),
    percent(romi),
  ];
  const cells = NUMBERS.map(([, word], n) => {
    const text = texts[n] ?? '—';
    return html`<td role="cell" class="num${text === '—' ? ' none' : ''}">
      <span class="cell-name">${word}</span>${text}
    </td>`;
  });
  return html`<tr role="row">
    <th role="rowheader" scope="row">${name}</th>
    ${cells}
    <td role="cell" class="num wide">
      <span class="cell-name">До первого шага</span>${spanOf(minutes)}
    </td>
  </tr>`;
}

/** «+123 %»; a dash for what is not known. */
export function percent(share: number | null): string {
  if (share === null) return '—';
  const rounded = Math.round(share * 100);
  return `${rounded > 0 ? '+' : ''}${amount(rounded)}\u00A0%`;
}

function spanOf(minutes: number | null | undefined): string {
  if (minutes === null || minutes === undefined) return '—';
  if (minutes < 60) return `${amount(minutes)}\u00A0мин`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours}\u00A0ч ${String(minutes % 60).padStart(2, '0')}`
    : `${Math.round(hours / 24)}\u00A0дн`;
}

function countWords(count: number): string {
  const all = `${amount(count)}\u00A0${formOf(count, ['строка', 'строки', 'строк'])}`;
  return count > MOST_ROWS ? `${all}, показаны первые ${MOST_ROWS}` : all;
}
