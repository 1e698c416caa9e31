import { useMemo } from 'react';
import {
  Button,
  ComboBox,
  Input,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from 'react-aria-components';
import { invoke } from '../api.ts';
import { Icon } from '../icons.tsx';
import { Button as WordButton } from '../ui/Button.tsx';
import fieldStyles from '../ui/Field.module.css';
import { FieldTop } from '../ui/Field.tsx';
import { useCommand } from '../ui/useCommand.ts';
import styles from './RepoField.module.css';

/** A repository as people type it, one of the recent ones, or a folder from the system's dialog. */
export function RepoField({
  value,
  onChange,
  recent,
}: {
  value: string;
  onChange: (value: string) => void;
  recent: readonly string[];
}) {
  const { run, pending, failure } = useCommand();
  const items = useMemo(() => [...new Set(recent)].map((id) => ({ id })), [recent]);
  const choose = async (): Promise<void> => {
    const { repo } = await invoke('chooseRepository');
    if (repo !== null) onChange(repo);
  };
  return (
    <ComboBox
      inputValue={value}
      onInputChange={onChange}
      defaultItems={items}
      allowsCustomValue
      allowsEmptyCollection={false}
      menuTrigger="input"
      isInvalid={failure !== null}
      validationBehavior="aria"
      className={fieldStyles.field ?? ''}
    >
      <FieldTop label="Repository" optional error={failure} />
      <div className={styles.line}>
        <div className={styles.box}>
          <Input
            className={fieldStyles.input ?? ''}
            placeholder="owner/app, URL or folder"
            spellCheck="false"
            maxLength={4_096}
          />
          {items.length > 0 && (
            <Button className={styles.open ?? ''} aria-label="Recent repositories">
              <Icon name="chevronDown" />
            </Button>
          )}
        </div>
        <WordButton
          slot={null}
          label="Choose…"
          aria-label="Choose a folder…"
          isPending={pending}
          onPress={() => run(choose)}
        />
      </div>
      <Text slot="description" className={fieldStyles.help ?? ''}>
        Its hooks and settings run without asking, so clone only what you trust. None: an empty
        folder.
      </Text>
      <Popover className={styles.popover ?? ''} offset={4}>
        <section aria-label="Recent repositories">
          <ListBox className={styles.list ?? ''}>
            {({ id }: { id: string }) => (
              <ListBoxItem id={id} textValue={id} className={styles.item ?? ''}>
                <bdi>{id}</bdi>
              </ListBoxItem>
            )}
          </ListBox>
        </section>
      </Popover>
    </ComboBox>
  );
}
