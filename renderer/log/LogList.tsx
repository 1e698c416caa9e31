import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { LogLine } from '../../main/service/contract/log.ts';
import { dayOf, lineText } from './format.ts';
import styles from './LogList.module.css';
import { LogRow, rowId } from './LogRow.tsx';
import { indexOfId, type Lines } from './lines.ts';
import { NewLines } from './NewLines.tsx';
import { usePinned } from './usePinned.ts';

/** As in LogRow.module.css, at which width the rows become one line. */
const WIDE = 640;
const TWO_LINES = 44;
const ONE_LINE = 28;

interface Props {
  lines: Lines<LogLine>;
  epoch: number;
  arrived: number;
  paused: boolean;
  selected: number | null;
  onSelect: (id: number | null) => void;
}

/** The lines that match, of which only those in sight are rendered. */
export function LogList({ lines, epoch, arrived, paused, selected, onSelect }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const chosen = selected === null ? -1 : indexOfId(lines, selected);
  const rowHeight = useRef(TWO_LINES);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => list.current,
    estimateSize: () => rowHeight.current,
    overscan: 8,
    // The selected row stays, since `aria-activedescendant` names it.
    rangeExtractor: (range) => withRow(range, chosen),
  });
  const { width = 0, height = 0 } = virtual.scrollRect ?? {};
  const size = width >= WIDE ? ONE_LINE : TWO_LINES;
  if (rowHeight.current !== size) {
    rowHeight.current = size;
    virtual.measure();
  }
  const { pinned, onScroll, toEnd } = usePinned(list, {
    rows: lines.length,
    rowHeight: size,
    prepended: lines.prepended,
    epoch,
    height,
  });

  function select(index: number): void {
    const line = lines.at(Math.max(0, Math.min(index, lines.length - 1)));
    if (line === undefined) return;
    onSelect(line.id);
    virtual.scrollToIndex(indexOfId(lines, line.id), { align: 'auto' });
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(height / size) - 1);
    const to = moved(event.key, chosen, page, lines.length);
    if (to === null) return;
    event.preventDefault();
    select(to);
  }

  return (
    <div className={styles.frame}>
      <div
        role="listbox"
        aria-label="Sync log"
        aria-activedescendant={chosen < 0 || selected === null ? undefined : rowId(selected)}
        tabIndex={0}
        ref={list}
        className={styles.list}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onClick={(event) => {
          const id = idOf(event.target);
          if (id !== null) onSelect(id === selected ? null : id);
        }}
        onCopy={(event) => {
          const line = chosen < 0 ? undefined : lines.at(chosen);
          if (line === undefined) return;
          // The event's own clipboard: the asynchronous one is denied to the page.
          event.clipboardData.setData('text/plain', lineText(line));
          event.preventDefault();
        }}
      >
        <div className={styles.body} style={{ height: virtual.getTotalSize() }} role="presentation">
          {virtual.getVirtualItems().map(({ index, start }) => {
            const line = lines.at(index);
            if (line === undefined) return null;
            return (
              <LogRow
                key={line.id}
                line={line}
                index={index}
                count={lines.length}
                start={start}
                selected={line.id === selected}
                newDay={isNewDay(line, lines.at(index - 1))}
              />
            );
          })}
        </div>
      </div>
      <NewLines pinned={pinned} paused={paused} arrived={arrived} epoch={epoch} onShow={toEnd} />
      <RevealSelected chosen={chosen} height={height} reveal={(at) => virtual.scrollToIndex(at)} />
    </div>
  );
}

/** The panel with the details takes room from the list: what was clicked stays in sight. */
function RevealSelected(props: { chosen: number; height: number; reveal: (at: number) => void }) {
  const now = useRef(props);
  now.current = props;
  const { height } = props;
  useEffect(() => {
    const { chosen, reveal } = now.current;
    if (chosen >= 0 && height > 0) reveal(chosen);
  }, [height]);
  return null;
}

function moved(key: string, from: number, page: number, count: number): number | null {
  const at = from < 0 ? count : from;
  switch (key) {
    case 'ArrowUp':
      return at - 1;
    case 'ArrowDown':
      return from < 0 ? count - 1 : at + 1;
    case 'PageUp':
      return at - page;
    case 'PageDown':
      return at + page;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}

function withRow(range: Range, row: number): number[] {
  const rows = defaultRangeExtractor(range);
  if (row < 0 || row >= range.count || rows.includes(row)) return rows;
  return [...rows, row].sort((one, other) => one - other);
}

function isNewDay(line: LogLine, before: LogLine | undefined): boolean {
  if (before === undefined) return true;
  const [one, other] = [Date.parse(before.at), Date.parse(line.at)];
  return other - one > 86_400_000 || dayOf(before.at) !== dayOf(line.at);
}

function idOf(target: EventTarget): number | null {
  const row = target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null;
  return row === null ? null : Number(row.dataset.id);
}
