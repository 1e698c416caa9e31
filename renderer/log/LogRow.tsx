// biome-ignore-all lint/a11y/useFocusableInteractive: the list has the focus, and names the active row
// biome-ignore-all lint/a11y/useSemanticElements: an <option> cannot be virtualised
import { memo } from 'react';
import type { LogLine } from '../../main/service/contract/log.ts';
import { took } from '../text/time.ts';
import { RichText } from '../ui/RichText.tsx';
import { clock, dayOf, kindOf, kindWords, shortHash } from './format.ts';
import { KindShape } from './KindShape.tsx';
import styles from './LogRow.module.css';

interface Props {
  line: LogLine;
  /** Its place among all that match, from 0. */
  index: number;
  count: number;
  start: number;
  selected: boolean;
  /** It is the first of its day. */
  newDay: boolean;
}

/** One line of the log: in one row where it is wide enough, else in two. */
export const LogRow = memo(function LogRow(props: Props) {
  const { line, index, count, start, selected, newDay } = props;
  const { id, at, missionName, missionId, text, hash, durationMs } = line;
  const kind = kindOf(line);
  return (
    <div
      role="option"
      id={rowId(id)}
      aria-selected={selected}
      aria-posinset={index + 1}
      aria-setsize={count}
      className={styles.row}
      data-id={id}
      data-kind={kind}
      style={{ transform: `translateY(${start}px)` }}
    >
      <KindShape kind={kind} />
      <span className="visually-hidden">{kindWords[kind]}</span>
      <span className={styles.half}>
        <bdi className={styles.mission}>{missionName ?? missionId ?? 'AgenC Bar'}</bdi>
        {newDay ? <span className={styles.day}>{dayOf(at)}</span> : null}
        <span className={styles.time} title={dayOf(at)}>
          {clock(at)}
        </span>
      </span>
      <span className={styles.half}>
        <span className={styles.text}>
          <RichText text={text} />
        </span>
        {hash === null ? null : <span className={styles.hash}>{shortHash(hash)}</span>}
        {durationMs === null ? null : <span className={styles.duration}>{took(durationMs)}</span>}
      </span>
    </div>
  );
});

/** The element of a line, for `aria-activedescendant`. */
export function rowId(id: number): string {
  return `log-line-${id}`;
}
