import type { RefAttributes } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { Icon, type IconName } from '../icons.tsx';
import { cx } from './cx.ts';
import { Hint } from './Hint.tsx';
import styles from './IconButton.module.css';

export interface IconButtonProps
  extends Omit<AriaButtonProps, 'children' | 'className' | 'style' | 'aria-label'>,
    RefAttributes<HTMLButtonElement> {
  readonly icon: IconName;
  readonly label: string;
  /** How its shortcut is written; shown with the label in the tooltip. */
  readonly shortcut?: string;
  /** Without a tooltip: for where there are hundreds. */
  readonly bare?: boolean;
  readonly className?: string | undefined;
}

/** A button with only an icon; its name is shown in a tooltip. */
export function IconButton({
  icon,
  label,
  shortcut,
  bare = false,
  className,
  ...rest
}: IconButtonProps) {
  const button = (
    <AriaButton {...rest} aria-label={label} className={cx(styles.button, className)}>
      <Icon name={icon} />
    </AriaButton>
  );
  return bare ? (
    button
  ) : (
    <Hint text={label} shortcut={shortcut}>
      {button}
    </Hint>
  );
}
