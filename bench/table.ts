/** Tables for a terminal, which are Markdown as well. */

/** The rows under their heads, each column as wide as its widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, head.map((name) => '-'.repeat(name.length)), ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const padOf = (row: readonly string[]) => (row === all[1] ? '-' : ' ');
  const line = (row: readonly string[]) =>
    widths.map((width, column) => (row[column] ?? '').padEnd(width, padOf(row))).join(' | ');
  return all.map((row) => `| ${line(row)} |`).join('\n');
}
