import type { RefAttributes } from 'react';
import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components';
import { Icon, type IconName } from '../icons.tsx';
import styles from './Button.module.css';
import { cx } from './cx.ts';

export interface ButtonProps
  extends Omit<AriaButtonProps, 'children' | 'className' | 'style'>,
    RefAttributes<HTMLButtonElement> {
  /** `plain`: bordered; `quiet`: only its words; `danger`: removes something. */
  readonly variant?: 'plain' | 'primary' | 'quiet' | 'danger';
  readonly size?: 'small' | 'normal';
  readonly icon?: IconName | undefined;
  /** The icon turns: for what is under way. */
  readonly turning?: boolean;
  readonly label: string;
  /** The other labels it may show: it is as wide as the widest, so that nothing moves. */
  readonly reserve?: readonly string[];
  readonly className?: string | undefined;
}

const NONE: readonly string[] = [];

/** A button with words. With `isPending` it keeps the focus and ignores presses. */
export function Button({
  variant = 'plain',
  size = 'normal',
  icon,
  turning = false,
  label,
  reserve = NONE,
  className,
  ...rest
}: ButtonProps) {
  const others = reserve.filter((other) => other !== label);
  return (
    <AriaButton {...rest} className={cx(styles.button, styles[variant], styles[size], className)}>
      {icon !== undefined && (
        <Icon name={icon} className={cx(styles.icon, turning && styles.turning)} />
      )}
      <span className={cx(styles.labels, icon !== undefined && styles.beside)}>
        <span className={styles.label}>{label}</span>
        {others.map((other) => (
          <span key={other} className={styles.reserved} aria-hidden="true">
            {other}
          </span>
        ))}
      </span>
    </AriaButton>
  );
}
