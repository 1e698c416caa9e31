import type { ReactNode } from 'react';
import { FieldError, Input, Label, Text, TextArea, TextField } from 'react-aria-components';
import styles from './Field.module.css';

/** The line above a field: what it is, and what is wrong with it. Within a React Aria field. */
export function FieldTop({
  label,
  optional = false,
  error,
}: {
  label: string;
  optional?: boolean;
  error: string | null;
}) {
  return (
    <span className={styles.top}>
      <Label className={styles.label ?? ''}>
        {label} {optional && <span className={styles.optional}>optional</span>}
      </Label>
      <FieldError className={styles.error ?? ''}>{error}</FieldError>
    </span>
  );
}

/** A text that is typed, in one line or in some. */
export function Field({
  label,
  value,
  onChange,
  error = null,
  help,
  placeholder = '',
  optional = false,
  rows = 1,
  maxLength,
  autoFocus = false,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What is wrong with it. */
  error?: string | null;
  help?: ReactNode;
  placeholder?: string;
  optional?: boolean;
  rows?: number;
  maxLength: number;
  autoFocus?: boolean;
}) {
  return (
    <TextField
      value={value}
      onChange={onChange}
      isInvalid={error !== null}
      validationBehavior="aria"
      maxLength={maxLength}
      autoFocus={autoFocus}
      className={styles.field ?? ''}
    >
      <FieldTop label={label} optional={optional} error={error} />
      {rows === 1 ? (
        <Input className={styles.input ?? ''} placeholder={placeholder} spellCheck="false" />
      ) : (
        <TextArea className={styles.input ?? ''} placeholder={placeholder} rows={rows} />
      )}
      {help !== undefined && (
        <Text slot="description" className={styles.help ?? ''}>
          {help}
        </Text>
      )}
    </TextField>
  );
}
