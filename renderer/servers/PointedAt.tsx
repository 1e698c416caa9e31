import type { Grid } from './grid.ts';
import type { Place } from './move.ts';
import styles from './ServersView.module.css';
import { cellWords, columnName, columnWords, gridSummary, renewalWords, rowName } from './words.ts';

/** In words: what the pointer is over or the keyboard is on, else how all is. */
export function PointedAt(props: { grid: Grid; place: Place | null; now: number }) {
  const [title, words] = wordsFor(props);
  return (
    <p className={styles.details}>
      <span className={styles.detailsTitle}>{title}</span>
      <span className={styles.detailsWords}>{words}</span>
    </p>
  );
}

function wordsFor({ grid, place, now }: Parameters<typeof PointedAt>[0]): [string, string] {
  const column = grid.columns[(place?.column ?? 0) - 1];
  const row = grid.rows[(place?.row ?? 0) - 1];
  const cell = grid.cells[(place?.row ?? 0) - 1]?.[(place?.column ?? 0) - 1];
  if (column !== undefined && row !== undefined && cell !== undefined) {
    const at = row.id === null ? row.label : `in ${row.label}${row.stopped ? ' (stopped)' : ''}`;
    const nameOf = (id: string) => grid.rows.find((each) => each.id === id)?.label ?? id;
    const renewal = renewalWords(cell, nameOf, now);
    const words = cellWords(cell, now);
    return [`${columnName(column)} ${at}`, renewal === null ? words : `${words} · ${renewal}`];
  }
  if (column !== undefined)
    return [`${columnName(column)} · ${column.key}`, columnWords(grid, column.key)];
  if (row !== undefined)
    return [rowName({ ...row, problem: null }), row.problem ?? rowWords(row.id)];
  return ['All missions', gridSummary(grid)];
}

function rowWords(id: string | null): string {
  return id === null ? 'what every new mission gets' : id;
}
