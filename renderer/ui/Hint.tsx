import type { ReactElement } from 'react';
import { Tooltip, TooltipTrigger } from 'react-aria-components';
import styles from './Hint.module.css';

/** A tooltip on a button: what it does, or all of what it shows, and its shortcut. */
export function Hint({
  text,
  shortcut,
  children,
}: {
  text: string;
  shortcut?: string | undefined;
  children: ReactElement;
}) {
  return (
    <TooltipTrigger delay={700} closeDelay={100}>
      {children}
      <Tooltip className={styles.hint ?? ''} offset={6} containerPadding={8}>
        {text}
        {shortcut !== undefined && <kbd className={styles.keys}>{shortcut}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}
