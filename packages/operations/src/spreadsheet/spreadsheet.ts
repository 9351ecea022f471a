/** CSV as spreadsheets in Russian open it: with a BOM, semicolons, CRLF, decimal commas, and no formula of a stranger's. */

/** Rows of cells as one file; the first row names the columns. */
export function spreadsheet(rows: readonly (readonly string[])[]): string {
  return `\uFEFF${rows.map((cells) => cells.map(cell).join(';')).join('\r\n')}\r\n`;
}

/** With a comma, to two places. */
export function decimal(amount: number): string {
  return String(Math.round(amount * 100) / 100).replace('.', ',');
}

/** What somebody typed must not become a formula (`=…`); a quote before it makes it text. */
function cell(value: string): string {
  const harmless = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[";\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
