import { Component, type ReactNode } from 'react';
import { Icon } from '../icons.tsx';
import styles from './Boundary.module.css';
import { Button } from './Button.tsx';
import { cx } from './cx.ts';

interface Props {
  /** What cannot be shown if it fails: "This mission". */
  readonly what: string;
  /** What it is made of: once that changes, it is tried again. */
  readonly of?: unknown;
  /** It stands in the place of a row rather than of a view. */
  readonly small?: boolean;
  readonly children: ReactNode;
}

/** Keeps a defect in one part of the page from blanking the rest; says so and offers a way out. */
export class Boundary extends Component<Props, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override componentDidUpdate({ of }: Props): void {
    if (this.state.failed && of !== this.props.of) this.setState({ failed: false });
  }

  override render(): ReactNode {
    const { what, small = false, children } = this.props;
    if (!this.state.failed) return children;
    return (
      <div role="alert" className={cx(styles.broken, small && styles.small)}>
        <Icon name="warning" className={styles.icon} />
        <p className={styles.words}>
          {what} cannot be shown, by a defect of this window. Syncing goes on.
        </p>
        <Button size="small" label="Reload window" onPress={() => window.location.reload()} />
      </div>
    );
  }
}
