import { useEffect, useState } from 'react';
import { Button } from 'react-aria-components';
import { invoke } from '../api.ts';
import { attempt } from '../state/notice.ts';
import { shortHash } from '../text/words.ts';
import { cx } from '../ui/cx.ts';
import styles from './CopyHash.module.css';

const SHOWN_MS = 1_500;

/** The first 12 digits of a credential hash; a press copies all 64. */
export function CopyHash({ missionId, hash }: { missionId: string | null; hash: string }) {
  const [copied, setCopied] = useState(0);
  useEffect(() => {
    if (copied === 0) return;
    const timer = setTimeout(() => setCopied(0), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    if (await attempt(invoke('copyHash', { missionId }))) setCopied((count) => count + 1);
  };
  const short = shortHash(hash);
  return (
    <Button
      className={cx(styles.hash, copied > 0 && styles.copied)}
      aria-label={copied > 0 ? `Copied ${short}` : `Copy hash ${short}`}
      onPress={() => void copy()}
    >
      <span className={styles.digits}>{short}</span>
      <span className={styles.word} aria-hidden="true">
        Copied
      </span>
      <span className="visually-hidden" role="status">
        {copied > 0 ? 'Copied' : ''}
      </span>
    </Button>
  );
}
