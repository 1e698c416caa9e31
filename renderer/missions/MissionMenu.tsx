import { useRef } from 'react';
import { Header, Menu, MenuItem, MenuSection, Popover } from 'react-aria-components';
import { Icon } from '../icons.tsx';
import type { Navigation } from '../shell/useNavigation.ts';
import { useMission } from '../state/missions.ts';
import { useAsked } from '../state/runs.ts';
import { useValue } from '../state/value.ts';
import { cx } from '../ui/cx.ts';
import { type ActionId, actionsOf } from './actions.ts';
import { displayName } from './groups.ts';
import styles from './MissionMenu.module.css';
import { openMenu } from './menu.ts';
import { perform } from './perform.ts';

/** What can be done with the mission whose menu is open. */
export function MissionMenu({
  navigation,
  page,
}: {
  navigation: Pick<Navigation, 'go' | 'open'>;
  /** The mission whose page is shown already. */
  page: string | null;
}) {
  const menu = useValue(openMenu);
  const anchor = useRef<HTMLElement>(null);
  const point = useRef<HTMLSpanElement>(null);
  const missionId = menu?.id ?? '';
  const mission = useMission(missionId);
  const asked = useAsked(missionId);
  anchor.current = menu?.point == null ? (menu?.button ?? null) : point.current;
  const shown = menu !== null && mission !== null;
  const sections = shown ? actionsOf(mission, asked) : [];
  const title = shown ? `Actions for ${displayName(mission)}` : 'Actions';
  return (
    <>
      <span ref={point} className={styles.point} style={placeAt(menu?.point ?? null)} />
      <Popover
        aria-label={title}
        triggerRef={anchor}
        isOpen={shown}
        onOpenChange={(isOpen) => !isOpen && openMenu.set(null)}
        placement={menu?.point == null ? 'bottom end' : 'bottom start'}
        offset={menu?.point == null ? 4 : 0}
        className={styles.popover ?? ''}
      >
        <Menu
          aria-label={title}
          autoFocus="first"
          onAction={(id) => perform(id as ActionId, missionId, navigation)}
          onClose={() => openMenu.set(null)}
          className={styles.menu ?? ''}
        >
          {sections.map(({ id, title: name, actions }) => (
            <MenuSection key={id} id={`section-${id}`} className={styles.section ?? ''}>
              <Header className="visually-hidden">{name}</Header>
              {actions
                .filter((action) => action.id !== 'page' || page !== missionId)
                .map((action) => (
                  <MenuItem
                    key={action.id}
                    id={action.id}
                    textValue={action.label}
                    className={cx(styles.item, action.id === 'remove' && styles.danger)}
                  >
                    <Icon name={action.icon} />
                    {action.label}
                  </MenuItem>
                ))}
            </MenuSection>
          ))}
        </Menu>
      </Popover>
    </>
  );
}

function placeAt(point: { readonly x: number; readonly y: number } | null) {
  return { left: point?.x ?? 0, top: point?.y ?? 0 };
}
