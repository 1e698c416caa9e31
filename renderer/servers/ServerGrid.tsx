// biome-ignore-all lint/a11y/useSemanticElements: a table's own elements cannot be virtualised
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef } from 'react';
import { GridLine, HeaderLine } from './GridLine.tsx';
import type { Grid } from './grid.ts';
import { move, type Place } from './move.ts';
import styles from './ServerGrid.module.css';

/** As in ServerGrid.module.css. */
const LINE = 32;
const FIRST = 146;
const COLUMN = 92;

interface Props {
  grid: Grid;
  now: number;
  /** Where the keyboard is. */
  active: Place;
  onMove: (place: Place) => void;
  /** What the pointer is over or the keyboard is on; `null`: neither. */
  onPoint: (place: Place | null) => void;
  soughtId: string | null;
}

/** Missions × servers as an ARIA grid: one tab stop, arrow keys within, and only visible rows rendered. */
export const ServerGrid = memo(function ServerGrid(props: Props) {
  const { grid, now, active, onMove, onPoint, soughtId } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const count = grid.rows.length;
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE,
    overscan: 6,
    // The row with the focus stays, or scrolling it away would lose the focus.
    rangeExtractor: (range) => withRow(range, active.row - 1),
  });
  const size = {
    rows: count + 1,
    columns: grid.columns.length + 1,
    page: Math.max(1, Math.floor((virtual.scrollRect?.height ?? LINE) / LINE) - 2),
  };
  const template = `minmax(${FIRST}px, 220px) repeat(${grid.columns.length}, minmax(${COLUMN}px, 150px))`;

  // The focus follows the keyboard, but is not taken from elsewhere.
  useLayoutEffect(() => {
    const cell = cellAt(scroller.current, active);
    if (cell !== null && scroller.current?.contains(document.activeElement)) cell.focus();
  }, [active]);

  const sought = soughtId === null ? -1 : grid.rows.findIndex(({ id }) => id === soughtId);
  useEffect(() => {
    if (sought >= 0) virtual.scrollToIndex(sought, { align: 'center' });
  }, [sought, virtual]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey) return;
    const to = move(active, { key: event.key, ctrl: event.ctrlKey || event.metaKey }, size);
    if (to === null) return;
    event.preventDefault();
    onMove(to);
    onPoint(to);
  }

  return (
    <div
      role="grid"
      aria-label="MCP servers by mission"
      aria-rowcount={size.rows}
      aria-colcount={size.columns}
      ref={scroller}
      className={styles.scroller}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onFocus={(event) => {
        const place = placeOf(event.target);
        if (place !== null) onMove(place);
        onPoint(place);
      }}
      onBlur={() => onPoint(null)}
      onPointerOver={(event) => onPoint(placeOf(event.target))}
      onPointerLeave={() => onPoint(null)}
    >
      <div style={{ minWidth: FIRST + COLUMN * grid.columns.length }}>
        <div role="rowgroup" className={styles.head}>
          <HeaderLine
            columns={grid.columns}
            template={template}
            active={active.row === 0 ? active.column : null}
          />
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const row = grid.rows[index];
            if (row === undefined) return null;
            return (
              <GridLine
                key={row.id ?? '*'}
                row={row}
                cells={grid.cells[index] ?? []}
                columns={grid.columns}
                template={template}
                index={index + 1}
                active={active.row === index + 1 ? active.column : null}
                start={start}
                now={now}
                sought={index === sought}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
});

function withRow(range: Range, row: number): number[] {
  const rows = defaultRangeExtractor(range);
  if (row < 0 || row >= range.count || rows.includes(row)) return rows;
  return [...rows, row].sort((one, other) => one - other);
}

function cellAt(grid: HTMLElement | null, { row, column }: Place): HTMLElement | null {
  return grid?.querySelector(`[data-row="${row}"][data-column="${column}"]`) ?? null;
}

function placeOf(target: EventTarget): Place | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>('[data-row]') : null;
  if (cell === null) return null;
  return { row: Number(cell.dataset.row), column: Number(cell.dataset.column) };
}
