import { type ReactNode, useId } from 'react';
import {
  Button,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
} from 'react-aria-components';
import { Icon } from '../icons.tsx';
import { useCommand } from '../ui/useCommand.ts';
import type { Choice } from './choices.ts';
import styles from './Picker.module.css';
import { Words } from './Row.tsx';
import rowStyles from './Settings.module.css';

/** A setting with a few values. It shows what main says, not what was chosen. */
export function Picker({
  label,
  help,
  value,
  choices,
  isDisabled = false,
  onChange,
}: {
  label: string;
  help: ReactNode;
  value: string;
  choices: readonly Choice[];
  isDisabled?: boolean;
  onChange: (value: string) => Promise<unknown>;
}) {
  const id = useId();
  const { run, failure } = useCommand();
  return (
    <Select
      value={value}
      isDisabled={isDisabled}
      aria-describedby={id}
      onChange={(key) => {
        if (key !== null && key !== value) run(() => onChange(String(key)));
      }}
      className={rowStyles.row ?? ''}
    >
      <Words label={<Label>{label}</Label>} help={help} helpId={id} failure={failure} />
      <Button className={styles.button ?? ''}>
        <SelectValue className={styles.value ?? ''} />
        <Icon name="chevronDown" />
      </Button>
      <Popover className={styles.popover ?? ''} placement="bottom end" offset={4}>
        <ListBox items={choices} className={styles.list ?? ''}>
          {(choice) => (
            <ListBoxItem id={choice.id} textValue={choice.name} className={styles.item ?? ''}>
              <Icon name="check" />
              {choice.name}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  );
}
