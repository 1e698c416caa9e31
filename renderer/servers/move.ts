/** A place in the grid, headers included: row 0 is the header row, column 0 the row headers. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

export interface Size {
  readonly rows: number;
  readonly columns: number;
  /** How many rows are a page. */
  readonly page: number;
}

export interface Key {
  readonly key: string;
  readonly ctrl: boolean;
}

/** Where a key leads in a grid of this size, or `null` if the key is none of the grid's. */
export function move(from: Place, { key, ctrl }: Key, size: Size): Place | null {
  const lastRow = size.rows - 1;
  const lastColumn = size.columns - 1;
  const { row, column } = clamp(from, size);
  const to = (change: Partial<Place>): Place => clamp({ row, column, ...change }, size);
  switch (key) {
    case 'ArrowUp':
      return to({ row: ctrl ? 0 : row - 1 });
    case 'ArrowDown':
      return to({ row: ctrl ? lastRow : row + 1 });
    case 'ArrowLeft':
      return to({ column: ctrl ? 0 : column - 1 });
    case 'ArrowRight':
      return to({ column: ctrl ? lastColumn : column + 1 });
    case 'Home':
      return to(ctrl ? { row: 0, column: 0 } : { column: 0 });
    case 'End':
      return to(ctrl ? { row: lastRow, column: lastColumn } : { column: lastColumn });
    case 'PageUp':
      return to({ row: row - size.page });
    case 'PageDown':
      return to({ row: row + size.page });
    default:
      return null;
  }
}

/** The nearest place that exists. */
export function clamp({ row, column }: Place, size: Size): Place {
  return { row: within(row, size.rows - 1), column: within(column, size.columns - 1) };
}

function within(value: number, last: number): number {
  return Math.max(0, Math.min(value, last));
}
