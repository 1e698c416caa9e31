import { useEffect, useRef, useState } from 'react';
import { Group } from 'react-aria-components';
import { invoke } from '../api.ts';
import { Icon } from '../icons.tsx';
import { listed, plural } from '../text/words.ts';
import { Button } from '../ui/Button.tsx';
import { Clamped } from '../ui/Clamped.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { cx } from '../ui/cx.ts';
import { useCommand } from '../ui/useCommand.ts';
import styles from './Alerts.module.css';
import type { Notice } from './notices.ts';

/** One thing that needs the user, with the answers that there are. */
export function NoticeCard({ notice, focused }: { notice: Notice; focused: boolean }) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!focused) return;
    card.current?.scrollIntoView({ block: 'nearest' });
    card.current?.focus();
  }, [focused]);
  const { tone, title, text } = notice;
  return (
    <Group ref={card} aria-label={title} tabIndex={-1} className={cx(styles.card, styles[tone])}>
      <Icon name={tone === 'info' ? 'info' : 'warning'} className={styles.icon} />
      <div className={styles.words}>
        <h2 className={styles.title}>{title}</h2>
        <Clamped text={text} start={focused} />
        <Answers notice={notice} />
      </div>
    </Group>
  );
}

function Answers({ notice: { answer, id, servers } }: { notice: Notice }) {
  const { run, pending, failure } = useCommand();
  const [removing, setRemoving] = useState(false);
  const remove = (): Promise<unknown> => invoke('resolve', { alertId: id, answer: 'remove' });
  const resolve = (how: 'restore' | 'dismiss'): void =>
    run(() => invoke('resolve', { alertId: id, answer: how }));
  if (answer === null) return null;
  return (
    <>
      <div className={styles.actions}>
        {answer === 'wipe' && (
          <>
            <Button
              size="small"
              label="Restore"
              isPending={pending}
              onPress={() => resolve('restore')}
            />
            <Button
              size="small"
              variant="danger"
              label="Remove everywhere…"
              onPress={() => setRemoving(true)}
            />
          </>
        )}
        {answer === 'dismiss' && (
          <Button
            size="small"
            label="Dismiss"
            isPending={pending}
            onPress={() => resolve('dismiss')}
          />
        )}
        {answer === 'retry' && (
          <Button
            size="small"
            label="Try again"
            isPending={pending}
            onPress={() => run(() => invoke('retry'))}
          />
        )}
      </div>
      <p className={styles.failure}>{failure}</p>
      {removing && (
        <Confirm
          title={removeTitle(servers)}
          action="Remove everywhere"
          danger
          onConfirm={remove}
          onClose={() => setRemoving(false)}
        >
          <p>
            This signs out of {servers.length === 0 ? 'all that this entry held' : listed(servers)}{' '}
            in the global entry and in every mission.
          </p>
          <p>The journal keeps what is removed for 30 days, encrypted, on this computer.</p>
        </Confirm>
      )}
    </>
  );
}

function removeTitle(servers: readonly string[]): string {
  if (servers.length === 0) return 'Sign out everywhere?';
  return `Remove ${plural(servers.length, 'server')} everywhere?`;
}
