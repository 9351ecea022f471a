/** What a run has to say to a person. */
import { findingKinds } from './leads/finding.ts';
import type { Outcome } from './scenario.ts';

/** Findings of one kind that are shown one by one. */
const SHOWN = 8;

/** Why a scenario failed, one line each; empty when it passed. */
export function failures({ verdict, oddities }: Outcome): string[] {
  const lines = findingKinds.flatMap((kind) => {
    const found = verdict.findings.filter((each) => each.kind === kind);
    const more = found.length - SHOWN;
    return [
      ...found.slice(0, SHOWN).map(({ about, what }) => `${kind}: ${what} (${about})`),
      ...(more > 0 ? [`${kind}: and ${more} more`] : []),
    ];
  });
  return [...lines, ...oddities];
}

/** One line for each scenario, as a table in Markdown. */
export function resultTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) => {
    const { scenario, kills, accepted, repeats, seconds, verdict } = outcome;
    const { lost, doubled, early, unsettled, ...others } = verdict.counts;
    const other = Object.values(others).reduce((sum, count) => sum + count, 0);
    const unknown = Object.entries(verdict.unknown).map(([reason, count]) => `${count} ${reason}`);
    return [
      ...[scenario, kills, accepted, repeats, verdict.sent, lost, doubled, early],
      ...[unsettled, other, unknown.join(', ') || '0', `${seconds} s`],
      failures(outcome).length === 0 ? 'passed' : 'FAILED',
    ].map(String);
  });
  return toTable([
    ['scenario', 'kills', 'leads', 'repeats', 'sent', 'lost', 'doubled', 'early'].concat(
      ...[['unsettled', 'other', 'unknown', 'time', 'verdict']],
    ),
    ...rows,
  ]);
}

function toTable([head = [], ...rows]: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
