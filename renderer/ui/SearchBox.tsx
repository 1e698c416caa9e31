import { memo } from 'react';
import { Button, Input, SearchField } from 'react-aria-components';
import { Icon } from '../icons.tsx';
import { cx } from './cx.ts';
import styles from './SearchBox.module.css';

/** A search field; Escape clears it. ⌘F goes to the one that is shown. */
export const SearchBox = memo(function SearchBox({
  label,
  placeholder = label,
  value,
  onChange,
  className,
}: {
  label: string;
  placeholder?: string;
  value: string;
  onChange: (value: string) => void;
  className?: string | undefined;
}) {
  return (
    <SearchField
      aria-label={label}
      value={value}
      onChange={onChange}
      className={cx(styles.field, className)}
    >
      <Icon name="search" className={styles.icon} />
      <Input className={styles.input ?? ''} placeholder={placeholder} spellCheck="false" />
      <Button className={styles.clear ?? ''} aria-label="Clear search">
        <Icon name="close" />
      </Button>
    </SearchField>
  );
});
