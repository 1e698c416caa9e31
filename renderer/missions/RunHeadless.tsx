import { useState } from 'react';
import { Checkbox } from 'react-aria-components';
import type { MissionMessage } from '../../main/service/contract/engine.ts';
import { invoke } from '../api.ts';
import { Icon } from '../icons.tsx';
import { Field } from '../ui/Field.tsx';
import { FormDialog } from '../ui/FormDialog.tsx';
import { displayName } from './groups.ts';
import styles from './RunHeadless.module.css';

/** Asks for the prompt of a headless run. */
export function RunHeadless({
  mission,
  onClose,
}: {
  mission: MissionMessage;
  onClose: () => void;
}) {
  const [prompt, setPrompt] = useState('');
  const [resume, setResume] = useState(false);
  const [isChecked, setChecked] = useState(false);
  const isMissing = prompt.trim() === '';
  return (
    <FormDialog
      title={`Run “${displayName(mission)}” headless`}
      action="Run"
      check={() => {
        setChecked(true);
        return !isMissing;
      }}
      onSubmit={() => invoke('runHeadless', { missionId: mission.id, prompt, resume })}
      onDone={onClose}
      onCancel={onClose}
      onLeave={onClose}
    >
      <Field
        label="Prompt"
        value={prompt}
        onChange={setPrompt}
        error={isChecked && isMissing ? 'A headless run needs a prompt.' : null}
        help="Claude works on it unseen; the mission’s page shows what it prints."
        rows={5}
        maxLength={100_000}
        autoFocus
      />
      <Checkbox isSelected={resume} onChange={setResume} className={styles.checkbox ?? ''}>
        <span className={styles.box}>
          <Icon name="check" />
        </span>
        Go on with the last conversation
      </Checkbox>
    </FormDialog>
  );
}
