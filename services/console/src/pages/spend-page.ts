/** Where an owner brings in what advertising cost: a table copied from a spreadsheet, or a file. */
import type { Imported, SpendColumn, SpendError } from '@leadwire/operations/reports/spend';
import { html, type Content, type Html } from '../html.ts';
import { amount } from '../words/time.ts';
import { notice } from './parts.ts';

export interface SpendShown {
  table: string;
  source: string;
  told?: Content;
}

export function spendPage({ table, source, told }: SpendShown): Html {
  return html`<div class="head">
      <div>
        <h1>Расход на рекламу</h1>
        <p class="lede">
          Скопируйте таблицу из Excel, Google Таблиц или рекламного кабинета вместе с заголовком.
          Нужны дата, источник и расход в тенге; кампания и объявление по желанию.
        </p>
      </div>
    </div>
    <div class="stack">
      ${told}
      <form class="card stack" method="post" action="/reports/spend">
        <div class="field">
          <label for="table">Таблица</label>
          <textarea
            class="input input-table"
            id="table"
            name="table"
            rows="10"
            required
            spellcheck="false"
            placeholder="дата;источник;кампания;расход&#10;01.11.2026;facebook;spring;12500"
          >
${table}</textarea>
          <label for="file">Или файл</label>
          <input
            class="input"
            type="file"
            id="file"
            accept=".csv,.txt,.tsv,text/csv"
            data-file-into="table"
          />
        </div>
        <div class="field">
          <label for="source">Источник, если такого столбца нет</label>
          <input
            class="input"
            id="source"
            name="source"
            maxlength="200"
            value="${source}"
            placeholder="facebook"
          />
          <p class="hint">Так же, как в метке utm_source, иначе расход не сойдётся с заявками.</p>
        </div>
        <div class="row row-fill">
          <button class="btn btn-primary">Внести расход</button>
          <a class="btn btn-quiet" href="/reports">К отчётам</a>
        </div>
        <p class="hint">
          Таблица заменит всё, что было внесено за те же дни и источники: повторить её не страшно.
          Запись появится в журнале под вашим именем.
        </p>
      </form>
    </div>`;
}

const COLUMNS: Readonly<Record<SpendColumn, string>> = {
  day: 'дата',
  source: 'источник',
  campaign: 'кампания',
  content: 'объявление',
  amount: 'расход',
};

export function spendProblem({ problem, place }: SpendError): Html {
  const column = COLUMNS[place.column ?? 'day'];
  const words = {
    no_rows: 'Под заголовком нет ни одной строки.',
    no_column: `Нет столбца «${column}». Первая строка должна называть столбцы: дата; источник; расход.`,
    bad_row:
      place.line === undefined
        ? 'Таблица не читается: проверьте кавычки.'
        : `Строка ${place.line}, ${column}: не удалось прочитать «${place.value ?? ''}».`,
  };
  return notice(`${words[problem]} Ничего не внесено.`, false);
}

export function spendTold({ days, amount: sum, replaced }: Imported): Html {
  const before =
    replaced > 0
      ? ` Прежние ${amount(Math.round(replaced))} ₸ за эти дни и источники заменены.`
      : '';
  return notice(`Внесено ${amount(Math.round(sum))} ₸, дней: ${amount(days)}.${before}`, true);
}
