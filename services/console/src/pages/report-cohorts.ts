/** Когорты: of the leads of a week or a month, how many had bought after so many days. */
import { COHORT_DAYS, isOver, unitOf, type Cohort } from '@leadwire/operations/reports/cohorts';
import { html, type Content, type Html } from '../html.ts';
import { amount } from '../words/time.ts';
import { shortDay } from './report-chart.ts';
import type { ReportChoice } from './report-choice.ts';

const MONTHS = [
  'январь',
  'февраль',
  'март',
  'апрель',
  'май',
  'июнь',
  'июль',
  'август',
  'сентябрь',
  'октябрь',
  'ноябрь',
  'декабрь',
];

/** Nothing while none of these leads has bought. */
export function cohortTable(cohorts: readonly Cohort[], choice: ReportChoice, now: Date): Content {
  if (!cohorts.some(({ sales }) => sales > 0)) return undefined;
  const unit = unitOf(choice);
  const title = unit === 'week' ? 'Заявки недели' : 'Заявки месяца';
  return html`<section aria-labelledby="h-cohorts">
    <h2 id="h-cohorts">Через сколько дней покупают</h2>
    <div class="table-box">
      <table class="table table-cards report" role="table" aria-labelledby="h-cohorts">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">${title}</th>
            <th role="columnheader" scope="col" class="num">Заявки</th>
            ${COHORT_DAYS.map((days) => html`<th role="columnheader" scope="col" class="num">За ${days} дн.</th>`)}
            <th role="columnheader" scope="col" class="num">Всего</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${cohorts.map((each) => row(each, choice, now))}
        </tbody>
      </table>
    </div>
    <p class="hint table-note">
      Сколько продаж принесли заявки ${unit === 'week' ? 'этой недели' : 'этого месяца'} за первые
      дни после заявки, и их доля от заявок. Со звёздочкой — дни ещё не прошли, число может вырасти.
    </p>
  </section>`;
}

function row(cohort: Cohort, choice: ReportChoice, now: Date): Html {
  const cell = (word: string, shown: Content) =>
    html`<td role="cell" class="num"><span class="cell-name">${word}</span>${shown}</td>`;
  const within = COHORT_DAYS.map((days, n) => {
    const sales = cohort.within[n] ?? 0;
    const mark = isOver(cohort, days, choice, now)
      ? undefined
      : html`<span aria-hidden="true">*</span><span class="unseen">, ещё не все дни прошли</span>`;
    return cell(`За ${days} дн.`, html`${shareOf(sales, cohort)}${mark}`);
  });
  return html`<tr role="row">
    <th role="rowheader" scope="row">${nameOf(cohort, choice)}</th>
    ${cell('Заявки', amount(cohort.leads))}${within}${cell('Всего', shareOf(cohort.sales, cohort))}
  </tr>`;
}

/** «12 · 4 %» */
function shareOf(sales: number, { leads }: Cohort): string {
  if (sales === 0) return '0';
  return `${amount(sales)} · ${amount(Math.round((sales / leads) * 100))}\u00A0%`;
}

function nameOf({ cohort }: Cohort, choice: ReportChoice): string {
  if (unitOf(choice) === 'week') return `с ${shortDay(cohort)}`;
  const [year = '', month = '1'] = cohort.split('-');
  return `${MONTHS[Number(month) - 1] ?? ''} ${year}`;
}
