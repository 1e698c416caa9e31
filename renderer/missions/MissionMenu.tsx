import { useRef, useState } from 'react';
import { Menu, MenuItem, Popover } from 'react-aria-components';
import type { Place } from '../../main/service/contract/app.ts';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { invoke } from '../api.ts';
import { Icon, type IconName } from '../icons.tsx';
import { useMission } from '../state/missions.ts';
import { attempt } from '../state/notice.ts';
import { resync } from '../state/resync.ts';
import { useValue } from '../state/value.ts';
import { Confirm } from '../ui/Confirm.tsx';
import styles from './MissionMenu.module.css';
import { openMenu } from './menu.ts';

interface Entry {
  readonly icon: IconName;
  readonly label: string;
  readonly act: () => void;
}

/** What can be done with the mission whose menu is open. */
export function MissionMenu({
  go,
  open,
  onToggle,
}: {
  go: (place: Place, missionId?: string | null) => void;
  /** Whose details are shown. */
  open: string | null;
  onToggle: (missionId: string) => void;
}) {
  const menu = useValue(openMenu);
  const anchor = useRef<HTMLElement>(null);
  const point = useRef<HTMLSpanElement>(null);
  const [detaching, setDetaching] = useState<MissionMessage | null>(null);
  const mission = useMission(menu?.id ?? '');
  anchor.current = menu?.point == null ? (menu?.button ?? null) : point.current;
  const shown = menu !== null && mission !== null;
  const entries = shown
    ? entriesOf(mission, open === mission.id, { go, onToggle, detach: setDetaching })
    : [];
  return (
    <>
      <span ref={point} className={styles.point} style={placeAt(menu?.point ?? null)} />
      <Popover
        aria-label={`Actions for ${mission?.name ?? ''}`}
        triggerRef={anchor}
        isOpen={shown}
        onOpenChange={(isOpen) => !isOpen && openMenu.set(null)}
        placement={menu?.point == null ? 'bottom end' : 'bottom start'}
        offset={menu?.point == null ? 4 : 0}
        className={styles.popover ?? ''}
      >
        <Menu
          aria-label={`Actions for ${mission?.name ?? ''}`}
          autoFocus="first"
          items={entries}
          onClose={() => openMenu.set(null)}
          className={styles.menu ?? ''}
        >
          {({ icon, label, act }) => (
            <MenuItem id={label} textValue={label} onAction={act} className={styles.item ?? ''}>
              <Icon name={icon} />
              {label}
            </MenuItem>
          )}
        </Menu>
      </Popover>
      {detaching !== null && <Detach mission={detaching} onClose={() => setDetaching(null)} />}
    </>
  );
}

function entriesOf(
  mission: MissionMessage,
  open: boolean,
  acts: {
    readonly go: (place: Place, missionId: string) => void;
    readonly onToggle: (missionId: string) => void;
    readonly detach: (mission: MissionMessage) => void;
  },
): Entry[] {
  const { id, state, hash, kind } = mission;
  const missionId = id;
  const entries: (Entry | false)[] = [
    state !== 'stopped' && { icon: 'resync', label: 'Resync', act: () => void resync(id) },
    {
      icon: open ? 'chevronUp' : 'chevronDown',
      label: open ? 'Hide details' : 'Show details',
      act: () => acts.onToggle(id),
    },
    {
      icon: 'folder',
      label: 'Open folder',
      act: () => void attempt(invoke('openMissionFolder', { missionId })),
    },
    { icon: 'list', label: 'Show log', act: () => acts.go('log', id) },
    hash !== null && {
      icon: 'copy',
      label: 'Copy hash',
      act: () => void attempt(invoke('copyHash', { missionId })),
    },
    kind === 'attached' && { icon: 'detach', label: 'Detach…', act: () => acts.detach(mission) },
  ];
  return entries.filter((entry) => entry !== false);
}

function Detach({ mission, onClose }: { mission: MissionMessage; onClose: () => void }) {
  return (
    <Confirm
      title={`Detach “${mission.name}”?`}
      action="Detach"
      onConfirm={() => invoke('detach', { missionId: mission.id })}
      onClose={onClose}
    >
      <p>
        {mission.configDir} is no longer kept in step. Nothing in the folder is touched: it keeps
        the sign-ins that it has, and you can attach it again at any time.
      </p>
    </Confirm>
  );
}

function placeAt(point: { readonly x: number; readonly y: number } | null) {
  return { left: point?.x ?? 0, top: point?.y ?? 0 };
}
