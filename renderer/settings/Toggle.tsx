import { type ReactNode, useId } from 'react';
import { Switch } from 'react-aria-components';
import { useCommand } from '../ui/useCommand.ts';
import { Words } from './Row.tsx';
import styles from './Settings.module.css';

/** A setting that is on or off. It shows what main says, not what was pressed. */
export function Toggle({
  label,
  help,
  on,
  isDisabled = false,
  onChange,
}: {
  label: string;
  help: ReactNode;
  on: boolean;
  isDisabled?: boolean;
  onChange: (on: boolean) => Promise<unknown>;
}) {
  const id = useId();
  const { run, failure } = useCommand();
  return (
    <Switch
      isSelected={on}
      isDisabled={isDisabled}
      onChange={(next) => run(() => onChange(next))}
      aria-label={label}
      aria-describedby={id}
      className={styles.row ?? ''}
    >
      <Words label={label} help={help} helpId={id} failure={failure} />
      <span className={styles.track}>
        <span className={styles.knob} />
      </span>
    </Switch>
  );
}
