import { useRef } from 'react';
import { Button } from 'react-aria-components';
import { count } from './format.ts';
import styles from './LogList.module.css';

interface Props {
  pinned: boolean;
  paused: boolean;
  /** New lines since the filter was set, of which those seen at the end do not count. */
  arrived: number;
  epoch: number;
  onShow: () => void;
}

/** The way back to the newest line, with how many came meanwhile. */
export function NewLines({ pinned, paused, arrived, epoch, onShow }: Props) {
  const seen = useRef({ arrived: 0, epoch });
  if (pinned || seen.current.epoch !== epoch) seen.current = { arrived, epoch };
  const unseen = arrived - seen.current.arrived;
  if (pinned || paused) return null;
  return (
    <Button className={styles.newLines ?? ''} onPress={onShow}>
      {unseen === 0 ? 'Newest' : count(unseen, 'new line')} ↓
    </Button>
  );
}
