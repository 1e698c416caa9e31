// biome-ignore-all lint/a11y/useSemanticElements: a table's own elements cannot be virtualised
// biome-ignore-all lint/a11y/useFocusableInteractive: cells are, by place(); rows need not be
import { memo } from 'react';
import type { GridCell, GridColumn, GridRow } from './grid.ts';
import styles from './ServerGrid.module.css';
import { StateShape } from './StateShape.tsx';
import { cellName, cellText, columnName, headerName, rowName } from './words.ts';

interface HeaderProps {
  columns: readonly GridColumn[];
  template: string;
  /** The column that the keyboard is in, if it is in this row. */
  active: number | null;
}

/** The first row: each server with the worst that is the matter with it. */
export const HeaderLine = memo(function HeaderLine({ columns, template, active }: HeaderProps) {
  return (
    <div role="row" aria-rowindex={1} className={styles.header} style={{ ...grid(template) }}>
      <div role="columnheader" {...place(0, 0, active)} className={styles.corner}>
        Mission
      </div>
      {columns.map((column, at) => (
        <div
          role="columnheader"
          key={column.key}
          {...place(0, at + 1, active)}
          title={`${columnName(column)}\n${column.key}`}
          className={styles.columnHeader}
          data-state={column.worst}
        >
          <Said words={headerName(column)} />
          <StateShape state={column.worst} />
          <span className={styles.name} aria-hidden="true">
            {column.name}
            {column.tag === null ? null : <small className={styles.tag}>{column.tag}</small>}
          </span>
        </div>
      ))}
    </div>
  );
});

interface LineProps {
  row: GridRow;
  cells: readonly GridCell[];
  columns: readonly GridColumn[];
  template: string;
  /** Its place in the grid; the header is 0. */
  index: number;
  active: number | null;
  start: number;
  now: number;
  /** What the user came for. */
  sought: boolean;
}

/** A mission, or the global entry: one cell per server. */
export const GridLine = memo(function GridLine(props: LineProps) {
  const { row, cells, columns, template, index, active, start, now, sought } = props;
  const style = { ...grid(template), transform: `translateY(${start}px)` };
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      className={styles.line}
      data-stopped={row.stopped || undefined}
      data-sought={sought || undefined}
      data-global={row.id === null || undefined}
      style={style}
    >
      <div role="rowheader" {...place(index, 0, active)} className={styles.rowHeader}>
        <Said words={rowName(row)} />
        <span className={styles.name} aria-hidden="true">
          {row.id === null ? <Everywhere /> : row.label}
        </span>
        {row.problem === null ? null : <StateShape state="vanished" />}
      </div>
      {columns.map((column, at) => {
        const cell = cells[at];
        if (cell === undefined) return null;
        return (
          <div
            role="gridcell"
            key={column.key}
            {...place(index, at + 1, active)}
            className={styles.cell}
            data-state={cell.state}
          >
            <Said words={cellName(column, row, cell, now)} />
            <StateShape state={cell.state} />
            {cell.state === 'absent' ? null : (
              <span className={styles.text} aria-hidden="true">
                {cellText(cell, now)}
              </span>
            )}
          </div>
        );
      })}
    </div>
  );
});

function Everywhere() {
  return (
    <>
      everywhere <small className={styles.aside}>(global)</small>
    </>
  );
}

/** What is read out instead of what is shown: the same, in full. */
function Said({ words }: { words: string }) {
  return <span className="visually-hidden">{words}</span>;
}

function grid(template: string) {
  return { gridTemplateColumns: template };
}

function place(row: number, column: number, active: number | null) {
  return {
    'data-row': row,
    'data-column': column,
    'aria-colindex': column + 1,
    tabIndex: active === column ? 0 : -1,
  };
}
