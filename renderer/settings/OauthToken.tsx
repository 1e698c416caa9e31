import { useId, useState } from 'react';
import { invoke } from '../api.ts';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';
import { useCommand } from '../ui/useCommand.ts';
import { Row, Words } from './Row.tsx';
import styles from './Settings.module.css';

/** The token that missions start Claude with. It goes from the clipboard to main; the page never has it. */
export function OauthToken({ isKept }: { isKept: boolean }) {
  const id = useId();
  const { run, pending, failure } = useCommand();
  const [removing, setRemoving] = useState(false);
  return (
    <Row stacked>
      <Words
        label="Claude token for missions"
        help={
          isKept
            ? 'Missions are logged in with it instead of a copy of Claude’s own login. It is never shown again.'
            : 'Logs missions in without Claude’s own login. “claude setup-token” prints one: copy it, then paste it here. The clipboard is emptied.'
        }
        helpId={id}
        failure={failure}
      />
      <div className={styles.path}>
        <span role="status" className={styles.kept}>
          {isKept ? 'kept' : 'none'}
        </span>
        <Button
          size="small"
          label="Paste from clipboard"
          aria-describedby={id}
          isPending={pending}
          onPress={() => run(() => invoke('pasteToken'))}
        />
        {isKept && (
          <Button
            size="small"
            variant="quiet"
            label="Remove…"
            aria-label="Remove the token…"
            onPress={() => setRemoving(true)}
          />
        )}
      </div>
      {removing && (
        <Confirm
          title="Remove the token?"
          action="Remove"
          danger
          onConfirm={() => invoke('removeToken')}
          onClose={() => setRemoving(false)}
        >
          <p>
            Missions then start with a copy of Claude’s own login. The token itself stays valid;
            only what is kept here is deleted.
          </p>
        </Confirm>
      )}
    </Row>
  );
}
