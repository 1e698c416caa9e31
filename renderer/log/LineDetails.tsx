import type { LogLine } from '../../main/service/contract/log.ts';
import { took } from '../text/time.ts';
import { IconButton } from '../ui/IconButton.tsx';
import { RichText } from '../ui/RichText.tsx';
import styles from './LogView.module.css';

/** All of one line, to be read and selected. */
export function LineDetails({ line, onClose }: { line: LogLine; onClose: () => void }) {
  const { at, missionId, missionName, text, hash, durationMs } = line;
  const facts = [
    ['Time', at],
    [
      'Mission',
      missionName === null || missionName === missionId
        ? missionId
        : `${missionName} · ${missionId}`,
    ],
    ['Hash', hash],
    ['Took', durationMs === null ? null : took(durationMs)],
  ] as const;
  return (
    <section className={styles.line} aria-label="Selected line">
      <p className={styles.lineText}>
        <RichText text={text} />
      </p>
      <dl className={styles.facts}>
        {facts.map(([name, value]) =>
          value === null ? null : (
            <div key={name} className={styles.fact}>
              <dt>{name}</dt>
              <dd>
                <bdi>{value}</bdi>
              </dd>
            </div>
          ),
        )}
      </dl>
      <span className={styles.close}>
        <IconButton icon="close" label="Close details" onPress={onClose} />
      </span>
    </section>
  );
}
