import { memo } from 'react';
import { ProgressBar } from 'react-aria-components';
import type { Making } from '../../main/service/contract/missions.ts';
import { cancelMaking, openNewMission } from '../state/newMission.ts';
import { shortRepo } from '../text/words.ts';
import { Button } from '../ui/Button.tsx';
import { Clamped } from '../ui/Clamped.tsx';
import { cx } from '../ui/cx.ts';
import { StateShape } from '../ui/StateShape.tsx';
import styles from './Makings.module.css';
import listStyles from './MissionList.module.css';

/** The missions that are being made, and those that could not be. */
export const Makings = memo(function Makings({ making }: { making: readonly Making[] }) {
  return (
    <section aria-label="Being made" className={listStyles.section}>
      <h2 className={listStyles.header}>
        Being made <span className={listStyles.count}>{making.length}</span>
      </h2>
      <ul className={styles.list}>
        {making.map((one) => (
          <li key={one.id} className={listStyles.item} data-making={one.id}>
            {one.failure === null ? <UnderWay making={one} /> : <Failed making={one} />}
          </li>
        ))}
      </ul>
    </section>
  );
});

function UnderWay({ making: { id, name, repo, detail, fraction } }: { making: Making }) {
  return (
    <div className={styles.row}>
      <StateShape shape="busy" className={styles.shape} />
      <First name={name} repo={repo} />
      <ProgressBar
        aria-label={`Making ${name}`}
        valueLabel={fraction === null ? detail : `${percent(fraction)}, ${detail}`}
        {...(fraction === null ? { isIndeterminate: true } : { value: fraction * 100 })}
        className={styles.progress ?? ''}
      >
        <span className={styles.detail} title={detail}>
          {detail}
        </span>
        {fraction !== null && (
          <svg className={styles.bar} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden>
            <rect className={styles.track} width="100" height="4" />
            <rect
              className={styles.fill}
              width={Math.min(1, Math.max(0, fraction)) * 100}
              height="4"
            />
          </svg>
        )}
      </ProgressBar>
      <Button
        size="small"
        variant="quiet"
        label="Cancel"
        aria-label={`Cancel ${name}`}
        className={styles.action}
        onPress={() => cancelMaking(id)}
      />
    </div>
  );
}

function Failed({ making }: { making: Making }) {
  const { id, name, repo, failure } = making;
  return (
    <div className={cx(styles.row, styles.failed)}>
      <StateShape shape="bad" className={styles.shape} />
      <First name={name} repo={repo} />
      <div role="alert" className={styles.failure}>
        <span className="visually-hidden">{name} could not be made: </span>
        <Clamped>{failure}</Clamped>
      </div>
      <div className={styles.actions}>
        <Button
          size="small"
          label="Try again…"
          aria-label={`Try again… (${name})`}
          onPress={() => openNewMission(making)}
        />
        <Button
          size="small"
          variant="quiet"
          label="Dismiss"
          aria-label={`Dismiss ${name}`}
          onPress={() => cancelMaking(id)}
        />
      </div>
    </div>
  );
}

function First({ name, repo }: { name: string; repo: string | null }) {
  return (
    <span className={styles.first}>
      <bdi className={styles.name} title={name}>
        {name}
      </bdi>
      {repo !== null && (
        <bdi className={styles.place} title={repo}>
          {shortRepo(repo)}
        </bdi>
      )}
    </span>
  );
}

function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}
