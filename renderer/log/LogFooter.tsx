import { useRef } from 'react';
import { Button } from '../ui/Button.tsx';
import { count, thousands } from './format.ts';
import styles from './LogView.module.css';
import type { LogModel } from './model.ts';
import type { Exported } from './useExport.ts';

/** How much there is, and what became of an export. */
export function LogFooter({ model, exported }: { model: LogModel; exported: Exported }) {
  const { total, matches, reading, filtering, failure } = model;
  const shown =
    matches.length === total ? count(total) : `${thousands(matches.length)} of ${count(total)}`;
  const busy = reading ? ' · reading older lines…' : filtering ? ' · searching…' : '';
  return (
    <footer className={styles.footer}>
      {failure === null ? (
        <span>{`${shown}${busy}`}</span>
      ) : (
        <span role="alert" className={styles.bad}>
          {failure} <Button size="small" label="Try again" onPress={() => model.retry()} />
        </span>
      )}
      <span role="status" className={exported.status === 'failed' ? styles.bad : styles.done}>
        {exportWords(exported)}
      </span>
      <Announcement arrived={model.arrived} epoch={model.epoch} />
    </footer>
  );
}

function exportWords(exported: Exported): string {
  switch (exported.status) {
    case 'done':
      return `${count(exported.lines)} exported`;
    case 'failed':
      return exported.message;
    default:
      return '';
  }
}

/** More often than this, nobody wants to hear of it. */
const QUIET_MS = 5_000;

/** Tells screen readers how many lines came, not each of them; no timer: the next line tells the rest. */
function Announcement({ arrived, epoch }: { arrived: number; epoch: number }) {
  const told = useRef({ arrived, epoch, at: 0, words: '' });
  if (told.current.epoch !== epoch) told.current = { ...told.current, arrived, epoch };
  const fresh = arrived - told.current.arrived;
  if (fresh > 0 && Date.now() - told.current.at > QUIET_MS) {
    told.current = { arrived, epoch, at: Date.now(), words: count(fresh, 'new line') };
  }
  return (
    <span role="status" className="visually-hidden" data-announcement="">
      {told.current.words}
    </span>
  );
}
