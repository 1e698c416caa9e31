import { useState } from 'react';
import { invoke } from '../api.ts';
import { useOfState } from '../state/appState.ts';
import { attempt } from '../state/notice.ts';
import { signIn } from '../state/signIn.ts';
import { Button } from '../ui/Button.tsx';
import { Confirm } from '../ui/Confirm.tsx';

/** Signs in to one server for all missions; while its page is open in the browser, cancels that. */
export function SignIn({
  name,
  missionId = null,
  isUsable,
  isUrgent,
}: {
  name: string;
  /** In whose config the server is looked up; `null`: any that knows it. */
  missionId?: string | null;
  /** Some mission is signed in: that would be revoked. */
  isUsable: boolean;
  isUrgent: boolean;
}) {
  const [isAsking, setIsAsking] = useState(false);
  const signingIn = useOfState((state) => state?.signingIn ?? null);
  if (signingIn === name)
    return (
      <Button
        size="small"
        label="Cancel sign-in"
        onPress={() => void attempt(invoke('cancelSignIn'))}
      />
    );
  return (
    <>
      <Button
        size="small"
        variant={isUrgent ? 'primary' : 'plain'}
        label="Sign in…"
        aria-label={`Sign in to ${name}…`}
        isDisabled={signingIn !== null}
        onPress={() => (isUsable ? setIsAsking(true) : void signIn(name, missionId))}
      />
      {isAsking && (
        <Confirm
          title={`Sign in to ${name} anew?`}
          action="Sign in"
          onConfirm={async () => void signIn(name, missionId)}
          onClose={() => setIsAsking(false)}
        >
          <p>
            All missions are signed in. Claude revokes that sign-in first; until you have approved
            the page in your browser, no mission can use {name}.
          </p>
        </Confirm>
      )}
    </>
  );
}
