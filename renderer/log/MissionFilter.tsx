import { useMemo } from 'react';
import { Button, ListBox, ListBoxItem, Popover, Select, SelectValue } from 'react-aria-components';
import type { Snapshot } from '../../main/service/contract/engine.ts';
import { Icon } from '../icons.tsx';
import styles from './LogToolbar.module.css';

const ALL = 'all';
/** Before an id, so that no mission can be taken for "all". */
const ONE = 'mission:';

interface Props {
  missions: Snapshot['missions'];
  /** What the log itself mentions, as id → name: a mission may be gone by now. */
  logged: ReadonlyMap<string, string>;
  value: string | null;
  onChange: (missionId: string | null) => void;
}

/** One mission, or all of them. */
export function MissionFilter({ missions, logged, value, onChange }: Props) {
  // The map changes in place; its size tells.
  const { size } = logged;
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  const items = useMemo(() => choices(missions, logged, value), [missions, logged, size, value]);
  return (
    <Select
      aria-label="Mission"
      className={styles.select ?? ''}
      value={value === null ? ALL : ONE + value}
      onChange={(key) =>
        onChange(key === ALL || key === null ? null : String(key).slice(ONE.length))
      }
    >
      <Button className={styles.selectButton ?? ''}>
        <SelectValue className={styles.selectValue ?? ''} />
        <Icon name="chevronDown" className={styles.chevron} />
      </Button>
      <Popover className={styles.popover ?? ''} offset={4} containerPadding={8}>
        <ListBox className={styles.listBox ?? ''} items={items}>
          {({ id, name }) => (
            <ListBoxItem id={id} textValue={name} className={styles.choice ?? ''}>
              {name}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}

function choices(
  missions: Snapshot['missions'],
  logged: ReadonlyMap<string, string>,
  value: string | null,
): { id: string; name: string }[] {
  const names = new Map(logged);
  for (const { id, name } of missions) names.set(id, name);
  if (value !== null && !names.has(value)) names.set(value, value);
  const named = Map.groupBy(names.values(), (name) => name);
  const sorted = [...names].map(([id, name]) => {
    const shared = (named.get(name)?.length ?? 0) > 1 && name !== id;
    return { id: ONE + id, name: shared ? `${name} (${id.slice(0, 8)})` : name };
  });
  sorted.sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
  return [{ id: ALL, name: 'All missions' }, ...sorted];
}
