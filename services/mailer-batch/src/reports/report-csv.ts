/** A campaign's report as a CSV that spreadsheets open as it is and run nothing of. */
import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify';
import type { CampaignStore, LeftOutPerson, RecipientRow } from '../campaigns/campaign-store.ts';
import { leftOutOf, peopleOf } from '../campaigns/preview.ts';

/** One column each, in this order; who was left out has the status `left_out` and a reason. */
const COLUMNS = [
  ...['row', 'name', 'contact', 'status', 'reason', 'error', 'attempts', 'batch', 'provider_id'],
  ...['sent_at', 'delivered_at', 'opened_at', 'clicked_at', 'bounced_at', 'complained_at'],
  'program_clicked_at',
] as const;

/** As Excel expects it here: UTF-8 with a BOM, semicolons. Our own reader takes it back. */
const FORMAT = { bom: true, delimiter: ';', record_delimiter: 'windows' } as const;

/**
 * The whole list in its order, read from the database as it is sent. A cell that a spreadsheet would take for a formula
 * (`=`, `+`, `-`, `@`, tab, CR at its start, https://owasp.org/www-community/attacks/CSV_Injection) begins with an
 * apostrophe.
 */
export function reportCsv(
  store: Pick<CampaignStore, 'recipientsPage' | 'leftOutPage'>,
  id: string,
): Readable {
  const rows = inOrder(peopleOf(store, id), leftOutOf(store, id));
  const csv = stringify({
    ...FORMAT,
    header: true,
    columns: [...COLUMNS],
    escape_formulas: true,
    cast: { string: (value) => value.replace(/[\0\r\n]+/g, ' ') },
  });
  const lines = Readable.from(rows);
  lines.on('error', (error) => csv.destroy(error));
  csv.on('close', () => lines.destroy());
  return lines.pipe(csv);
}

/** Merges two lists that are each in the order of their rows. A draft's people who are left out stand in both. */
async function* inOrder(
  people: AsyncGenerator<RecipientRow>,
  leftOut: AsyncGenerator<LeftOutPerson>,
): AsyncGenerator<string[]> {
  let person = await people.next();
  let left = await leftOut.next();
  while (!person.done || !left.done) {
    if (!left.done && (person.done || left.value.row <= person.value.row)) {
      const { row, name, contact, reason } = left.value;
      yield cells({ row, name, contact, status: 'left_out', reason });
      if (!person.done && person.value.row === row) person = await people.next();
      left = await leftOut.next();
    } else if (!person.done) {
      yield cells(toLine(person.value));
      person = await people.next();
    }
  }
}

type Line = Partial<Record<(typeof COLUMNS)[number], string | number | null>>;

function toLine(person: RecipientRow): Line {
  const { row, name, contact, status, reason, error, attempts, batch } = person;
  return {
    row,
    name,
    contact,
    status,
    reason,
    error,
    attempts,
    batch,
    provider_id: person.providerId,
    sent_at: person.sentAt,
    delivered_at: person.deliveredAt,
    opened_at: person.openedAt,
    clicked_at: person.clickedAt,
    bounced_at: person.bouncedAt,
    complained_at: person.complainedAt,
    program_clicked_at: person.programClickedAt,
  };
}

function cells(line: Line): string[] {
  return COLUMNS.map((column) => String(line[column] ?? ''));
}
