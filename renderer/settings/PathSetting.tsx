import { useId } from 'react';
import { Group } from 'react-aria-components';
import { invoke } from '../api.ts';
import { Button } from '../ui/Button.tsx';
import { useCommand } from '../ui/useCommand.ts';
import { Row, Words } from './Row.tsx';
import styles from './Settings.module.css';

/** A folder or program. It is chosen in a dialog of the system; the page never names one. */
export function PathSetting({
  label,
  help,
  setting,
  value,
  unset,
}: {
  label: string;
  help: string;
  setting: 'globalConfigDir' | 'claudePath';
  value: string | null;
  /** What is shown for no value. */
  unset: string;
}) {
  const id = useId();
  const { run, pending, failure } = useCommand();
  return (
    <Row stacked>
      <Words label={label} help={help} helpId={id} failure={failure} />
      <Group className={styles.path ?? ''} aria-label={label} aria-describedby={id}>
        <span className={styles.pathText} title={value ?? unset}>
          <bdi>{value ?? unset}</bdi>
        </span>
        <Button
          size="small"
          label="Choose…"
          aria-label={`Choose ${label.toLowerCase()}…`}
          isPending={pending}
          onPress={() => run(() => invoke('chooseSetting', { key: setting }))}
        />
        <Button
          size="small"
          variant="quiet"
          label="Reset"
          aria-label={`Reset ${label.toLowerCase()}`}
          onPress={() => run(() => invoke('resetSetting', { key: setting }))}
        />
      </Group>
    </Row>
  );
}
