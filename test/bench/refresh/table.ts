import type { Outcome } from './cell.ts';
import type { Column } from './columns.ts';

/** The outcomes of one row, by the name of the column. `null`: could not be measured. */
export interface TableRow {
  readonly missions: number;
  readonly spacingMs: number;
  readonly outcomes: ReadonlyMap<string, Outcome | null>;
}

/** The table as Markdown, each cell `refused / asked to sign in / unusable in the end`; too much is bold. */
export function refreshTable(
  columns: Readonly<Record<string, Column>>,
  names: readonly string[],
  rows: readonly TableRow[],
): string {
  const shown = names.flatMap((name) => {
    const column = columns[name];
    return column === undefined ? [] : [{ name, column }];
  });
  const titles = ['missions', 'started every', ...shown.map(({ column }) => column.title)];
  const lines = rows.map(({ missions, spacingMs, outcomes }) => [
    String(missions),
    `${spacingMs.toLocaleString('en')} ms`,
    ...shown.map(({ name, column }) => cellText(outcomes.get(name) ?? null, column, spacingMs)),
  ]);
  const rule = titles.map((_, at) => (at < 2 ? '--:' : '---'));
  return [titles, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Whether a cell that must be all zeros is not. */
export function isTooMuch(outcome: Outcome | null, column: Column, spacingMs: number): boolean {
  if (outcome === null) return true;
  if (column.zeroFromMs === null || spacingMs < column.zeroFromMs) return false;
  return outcome.refused + outcome.asked + outcome.unusable + outcome.failed > 0;
}

function cellText(outcome: Outcome | null, column: Column, spacingMs: number): string {
  if (outcome === null) return 'not measured';
  const { refused, asked, unusable, failed } = outcome;
  const text = `${refused} / ${asked} / ${unusable}${failed > 0 ? ` (${failed} failed)` : ''}`;
  return isTooMuch(outcome, column, spacingMs) ? `**${text}**` : text;
}
