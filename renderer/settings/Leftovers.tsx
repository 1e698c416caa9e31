import { useId, useState } from 'react';
import type { LeftoverMessage } from '../../main/service/contract/missions.ts';
import { invoke } from '../api.ts';
import { plural } from '../text/words.ts';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { useCommand } from '../ui/useCommand.ts';
import styles from './Leftovers.module.css';
import { Row, Words } from './Row.tsx';

interface Found {
  readonly leftovers: readonly LeftoverMessage[];
  readonly unknown: string | null;
}

const KINDS: Readonly<Record<LeftoverMessage['kind'], string>> = {
  'keychain-item': 'Keychain item',
  lock: 'Lock',
};

/** What removed missions and dead processes left behind: looked for, and removed, only when asked to. */
export function Leftovers() {
  const id = useId();
  const { run, pending, failure } = useCommand();
  const [found, setFound] = useState<Found | null>(null);
  const [removing, setRemoving] = useState<readonly LeftoverMessage[] | null>(null);
  const look = async (): Promise<void> => setFound(await invoke('findLeftovers'));
  return (
    <>
      <Row>
        <Words
          label="Leftovers"
          help="Keychain items and locks that belong to no mission any more."
          helpId={id}
          failure={failure}
        />
        <Button
          size="small"
          label="Look for leftovers"
          aria-describedby={id}
          isPending={pending}
          onPress={() => run(look)}
        />
      </Row>
      <div role="status" className={styles.found}>
        {found !== null && <List found={found} onRemove={setRemoving} />}
      </div>
      {removing !== null && (
        <Confirm
          title={`Remove ${plural(removing.length, 'leftover')}?`}
          action="Remove"
          danger
          onConfirm={async () => {
            await invoke('removeLeftovers', { ids: removing.map((one) => one.id) });
            await look();
          }}
          onClose={() => setRemoving(null)}
        >
          <ul className={styles.names}>
            {removing.map((one) => (
              <li key={one.id}>{one.what}</li>
            ))}
          </ul>
          <p>No mission uses them. A sign-in that is only in there is lost.</p>
        </Confirm>
      )}
    </>
  );
}

function List({
  found: { leftovers, unknown },
  onRemove,
}: {
  found: Found;
  onRemove: (leftovers: readonly LeftoverMessage[]) => void;
}) {
  return (
    <div className={styles.box}>
      {unknown !== null && <p className={styles.unknown}>Not all can be listed: {unknown}</p>}
      {leftovers.length === 0 && unknown === null && (
        <p className={styles.none}>Nothing was left behind.</p>
      )}
      {leftovers.length > 0 && (
        <ul className={styles.list}>
          {leftovers.map((one) => (
            <li key={one.id} className={styles.item}>
              <span className={styles.kind}>{KINDS[one.kind]}</span>
              <span className={styles.what} title={one.what}>
                <bdi>{one.what}</bdi>
              </span>
              <Button
                size="small"
                variant="quiet"
                label="Remove…"
                aria-label={`Remove ${one.what}…`}
                onPress={() => onRemove([one])}
              />
            </li>
          ))}
        </ul>
      )}
      {leftovers.length > 1 && (
        <div className={styles.all}>
          <Button
            size="small"
            variant="danger"
            label="Remove all…"
            onPress={() => onRemove(leftovers)}
          />
        </div>
      )}
    </div>
  );
}
