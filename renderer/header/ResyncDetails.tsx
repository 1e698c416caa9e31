import { useRef } from 'react';
import { Dialog, Popover } from 'react-aria-components';
import type { ResyncOutcome } from '../state/resync.ts';
import { resyncLines } from '../text/resync.ts';
import { cx } from '../ui/cx.ts';
import { IconButton } from '../ui/IconButton.tsx';
import styles from './ResyncDetails.module.css';
import lineStyles from './SecondLine.module.css';

/** What the resync did, mission by mission, over the content. */
export function ResyncDetails({
  outcome,
  sentence,
  nameOf,
  open,
  onOpenChange,
}: {
  outcome: ResyncOutcome;
  sentence: string;
  nameOf: (missionId: string) => string;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const button = useRef<HTMLButtonElement>(null);
  const lines = resyncLines(outcome.results, nameOf);
  return (
    <>
      <IconButton
        ref={button}
        icon="chevronDown"
        label="Show what the resync did"
        bare
        className={lineStyles.small}
        aria-haspopup="dialog"
        aria-expanded={open}
        onPress={() => onOpenChange(true)}
      />
      <Popover
        triggerRef={button}
        isOpen={open}
        onOpenChange={onOpenChange}
        placement="bottom end"
        containerPadding={12}
        className={styles.popover ?? ''}
      >
        <Dialog aria-label="What the resync did" className={styles.dialog ?? ''}>
          <p className={styles.title}>{sentence}</p>
          <ul className={styles.lines}>
            {lines.map(({ missionId, name, text, tone }) => (
              <li key={missionId} className={styles.item}>
                <span className={styles.name}>{name}</span>
                <span className={cx(styles.text, styles[tone])}>{text}</span>
              </li>
            ))}
          </ul>
        </Dialog>
      </Popover>
    </>
  );
}
