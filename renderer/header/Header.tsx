import type { AppState } from '../../main/service/contract/app.ts';
import { summary } from '../text/summary.ts';
import { cx } from '../ui/cx.ts';
import { StateShape } from '../ui/StateShape.tsx';
import styles from './Header.module.css';
import { HeaderButton } from './HeaderButton.tsx';
import { SecondLine } from './SecondLine.tsx';

/** The whole in one sentence, when the others were last told, and the one button that matters. */
export function Header({ state }: { state: AppState }) {
  const { tone, sentence, detail } = summary(state);
  return (
    <header className={styles.header}>
      <span className={cx(styles.badge, styles[tone])}>
        <StateShape shape={tone} size={18} />
      </span>
      <div className={styles.words}>
        <h1 className={styles.sentence} aria-live="polite" title={sentence}>
          {sentence}
        </h1>
        <SecondLine state={state} detail={detail} />
      </div>
      <HeaderButton state={state} />
    </header>
  );
}
