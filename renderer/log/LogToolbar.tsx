import { ToggleButton, ToggleButtonGroup } from 'react-aria-components';
import type { Snapshot } from '../../main/service/contract/engine.ts';
import type { LogFilter } from '../../main/service/contract/log.ts';
import { Icon } from '../icons.tsx';
import { Button } from '../ui/Button.tsx';
import { SearchBox } from '../ui/SearchBox.tsx';
import { thousands } from './format.ts';
import styles from './LogToolbar.module.css';
import { MissionFilter } from './MissionFilter.tsx';

/** As the contract takes it. */
const LONGEST_SEARCH = 200;

interface Props {
  filter: LogFilter;
  onFilter: (change: Partial<LogFilter>) => void;
  missions: Snapshot['missions'];
  logged: ReadonlyMap<string, string>;
  paused: boolean;
  heldBack: number;
  onPause: (paused: boolean) => void;
  exporting: boolean;
  onExport: () => void;
}

/** What to see of the log, and what to do with it. */
export function LogToolbar(props: Props) {
  const { filter, onFilter, missions, logged, paused, heldBack, onPause } = props;
  return (
    <div role="toolbar" aria-label="Log" className={styles.toolbar}>
      <div className={styles.row}>
        <SearchBox
          label="Search the log"
          placeholder="Search"
          className={styles.search}
          value={filter.search}
          onChange={(search) => onFilter({ search: search.slice(0, LONGEST_SEARCH) })}
        />
        <Button
          label={
            paused ? (heldBack === 0 ? 'Resume' : `Resume · ${thousands(heldBack)} new`) : 'Pause'
          }
          reserve={['Resume']}
          onPress={() => onPause(!paused)}
        />
        <Button label="Export…" isPending={props.exporting} onPress={props.onExport} />
      </div>
      <div className={styles.row}>
        <MissionFilter
          missions={missions}
          logged={logged}
          value={filter.missionId}
          onChange={(missionId) => onFilter({ missionId })}
        />
        <DirectionFilter
          value={filter.direction}
          onChange={(direction) => onFilter({ direction })}
        />
        <ToggleButton
          className={styles.toggle ?? ''}
          isSelected={filter.level === 'warning'}
          onChange={(only) => onFilter({ level: only ? 'warning' : null })}
        >
          <Icon name="warning" className={styles.icon} />
          Attention
        </ToggleButton>
      </div>
    </div>
  );
}

const directions = ['up', 'down'] as const;

function DirectionFilter(props: {
  value: LogFilter['direction'];
  onChange: (direction: LogFilter['direction']) => void;
}) {
  return (
    <ToggleButtonGroup
      aria-label="Direction"
      className={styles.group ?? ''}
      disallowEmptySelection
      selectedKeys={[props.value ?? 'all']}
      onSelectionChange={(keys) => props.onChange(directions.find((one) => keys.has(one)) ?? null)}
    >
      <ToggleButton id="all" className={styles.toggle ?? ''}>
        All
      </ToggleButton>
      <ToggleButton id="up" aria-label="Up" className={styles.toggle ?? ''}>
        <Icon name="up" className={styles.icon} />
      </ToggleButton>
      <ToggleButton id="down" aria-label="Down" className={styles.toggle ?? ''}>
        <Icon name="down" className={styles.icon} />
      </ToggleButton>
    </ToggleButtonGroup>
  );
}
