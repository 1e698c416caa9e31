import {
  type MouseEvent,
  memo,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import {
  Collection,
  GridList,
  GridListHeader,
  GridListItem,
  GridListSection,
} from 'react-aria-components';
import type { Place } from '../../main/service/contract/app.ts';
import type { Location } from '../shell/useNavigation.ts';
import { cx } from '../ui/cx.ts';
import type { MissionGroup, MissionRef } from './groups.ts';
import styles from './MissionList.module.css';
import { MissionMenu } from './MissionMenu.tsx';
import { MissionRow } from './MissionRow.tsx';
import { openMenu } from './menu.ts';

/** The missions, walked through with the arrow keys; what is in a row with left and right. */
export const MissionList = memo(function MissionList({
  groups,
  at,
  go,
}: {
  groups: readonly MissionGroup[];
  at: Location;
  go: (place: Place, missionId?: string | null) => void;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<string | null>(null);
  const toggle = useCallback((id: string) => setOpen((was) => (was === id ? null : id)), []);
  const target = usePointedAt(list, at);
  // A row is drawn anew when its mission or one of these changes, and not when its neighbours do.
  const dependencies = useMemo(() => [open, target], [open, target]);

  const item = ({ id, name }: MissionRef) => (
    <GridListItem
      id={id}
      textValue={name}
      className={cx(styles.item, target === id && styles.target)}
      onAction={() => toggle(id)}
    >
      <MissionRow id={id} open={open === id} />
    </GridListItem>
  );
  return (
    <div className={styles.scroller}>
      <GridList
        ref={list}
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
      <MissionMenu go={go} open={open} onToggle={toggle} />
    </div>
  );
});

/** Brings the mission that the window is pointed at into view, and gives it the focus. */
function usePointedAt(list: RefObject<HTMLDivElement | null>, at: Location): string | null {
  const { missionId, visit } = at;
  // biome-ignore lint/correctness/useExhaustiveDependencies: every visit points anew
  useEffect(() => {
    if (missionId === null) return;
    // A list that has only just been made draws its rows a moment later.
    const timer = setTimeout(() => {
      const row = list.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(missionId)}"]`);
      row?.scrollIntoView({ block: 'center' });
      row?.focus();
    });
    return () => clearTimeout(timer);
  }, [list, missionId, visit]);
  return missionId;
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
