import {
  type MouseEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
} from 'react';
import {
  Collection,
  GridList,
  GridListHeader,
  GridListItem,
  GridListSection,
} from 'react-aria-components';
import type { Location } from '../shell/useNavigation.ts';
import { cx } from '../ui/cx.ts';
import type { MissionGroup, MissionRef } from './groups.ts';
import styles from './MissionList.module.css';
import { MissionRow } from './MissionRow.tsx';
import { openMenu } from './menu.ts';

/** The missions, walked through with the arrow keys; what is in a row with left and right. */
export const MissionList = memo(function MissionList({
  groups,
  at,
  open,
  scrolled,
  children,
}: {
  groups: readonly MissionGroup[];
  at: Location;
  open: (missionId: string) => void;
  /** How far down it was (px) when it was last seen. */
  scrolled: RefObject<number>;
  /** What stands above the missions. */
  children: ReactNode;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const target = usePointedAt(scroller, at, scrolled);
  // A row is drawn anew when its mission or one of these changes, and not when its neighbours do.
  const dependencies = useMemo(() => [target], [target]);

  const item = ({ id, name }: MissionRef) => (
    <GridListItem
      id={id}
      textValue={name}
      className={cx(styles.item, target === id && styles.target)}
      onAction={() => open(id)}
    >
      <MissionRow id={id} />
    </GridListItem>
  );
  return (
    <div
      ref={scroller}
      className={styles.scroller}
      onScroll={({ currentTarget }) => {
        scrolled.current = currentTarget.scrollTop;
      }}
    >
      {children}
      {groups.length > 0 && (
        <GridList
          aria-label="Missions"
          items={groups}
          dependencies={dependencies}
          onContextMenu={openContextMenu}
          className={styles.list ?? ''}
        >
          {({ id, title, count, missions }) => (
            <GridListSection id={id} aria-label={title} className={styles.section ?? ''}>
              <GridListHeader className={styles.header ?? ''}>
                {title} <span className={styles.count}>{count}</span>
              </GridListHeader>
              <Collection items={missions} dependencies={dependencies}>
                {item}
              </Collection>
            </GridListSection>
          )}
        </GridList>
      )}
    </div>
  );
});

/**
 * Brings the mission that the window is pointed at into view, and gives it the focus; after a return, it
 * is where it was left.
 * @returns what is marked for a moment
 */
function usePointedAt(
  scroller: RefObject<HTMLDivElement | null>,
  at: Location,
  scrolled: RefObject<number>,
): string | null {
  const { missionId, isReturn, visit } = at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: every visit points anew
  useEffect(() => {
    const element = scroller.current;
    if (missionId === null || element === null) return;
    const top = scrolled.current;
    const point = (): boolean => {
      const row = element.querySelector<HTMLElement>(`[data-key="${CSS.escape(missionId)}"]`);
      if (row === null) return false;
      if (isReturn) element.scrollTop = top;
      row.scrollIntoView({ block: isReturn ? 'nearest' : 'center' });
      row.focus({ preventScroll: true });
      return true;
    };
    if (point()) return;
    // A list that has only just been made draws its rows a moment later.
    const observer = new MutationObserver(() => point() && observer.disconnect());
    observer.observe(element, { childList: true, subtree: true });
    return () => observer.disconnect();
  }, [scroller, missionId, isReturn, visit]);
  return isReturn ? null : missionId;
}

/** With the mouse the menu opens where it points, with the keyboard at the row's button. */
function openContextMenu(event: MouseEvent<HTMLElement>): void {
  if (!(event.target instanceof Element)) return;
  const row = event.target.closest<HTMLElement>('[role="row"][data-key]');
  const id = row?.dataset.key;
  if (row === null || id === undefined) return;
  event.preventDefault();
  const point = event.button === 2 ? { x: event.clientX, y: event.clientY } : null;
  openMenu.set({ id, button: row.querySelector('button[aria-haspopup="menu"]'), point });
}
