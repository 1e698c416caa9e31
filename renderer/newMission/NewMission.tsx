import { useState } from 'react';
import {
  closeNewMission,
  type Draft,
  makeMission,
  type NewMissionForm,
  useNewMissionForm,
} from '../state/newMission.ts';
import { Field } from '../ui/Field.tsx';
import { FormDialog } from '../ui/FormDialog.tsx';
import { FirstRunField } from './FirstRunField.tsx';
import { problemsOf } from './problems.ts';
import { RepoField } from './RepoField.tsx';

/** The form for a new mission, when it is open. */
export function NewMission({
  recentRepos,
  onMade,
}: {
  recentRepos: readonly string[];
  /** It is on its way: the missions show how far it is. */
  onMade: () => void;
}) {
  const form = useNewMissionForm();
  return form === null ? null : <Open form={form} recentRepos={recentRepos} onMade={onMade} />;
}

function Open({
  form,
  recentRepos,
  onMade,
}: {
  form: NewMissionForm;
  recentRepos: readonly string[];
  onMade: () => void;
}) {
  const [draft, setDraft] = useState(form.draft);
  // Nobody is told what is missing before they have said that they are ready.
  const [isChecked, setChecked] = useState(false);
  const problems = problemsOf(draft);
  const change = (part: Partial<Draft>): void => setDraft((was) => ({ ...was, ...part }));
  return (
    <FormDialog
      title="New mission"
      action="Create"
      wide
      check={() => {
        setChecked(true);
        return problems.name === null && problems.prompt === null;
      }}
      onSubmit={() => makeMission(draft, form.insteadOf)}
      onDone={() => {
        closeNewMission(null);
        onMade();
      }}
      onCancel={() => closeNewMission(null)}
      onLeave={() => closeNewMission(draft)}
    >
      <Field
        label="Name"
        value={draft.name}
        onChange={(name) => change({ name })}
        error={isChecked ? problems.name : null}
        placeholder="fix login"
        maxLength={200}
        autoFocus
      />
      <RepoField value={draft.repo} onChange={(repo) => change({ repo })} recent={recentRepos} />
      <Field
        label="Prompt"
        optional={draft.run !== 'headless'}
        value={draft.prompt}
        onChange={(prompt) => change({ prompt })}
        error={isChecked ? problems.prompt : null}
        placeholder="What Claude is to begin with"
        rows={4}
        maxLength={100_000}
      />
      <FirstRunField value={draft.run} onChange={(run) => change({ run })} />
    </FormDialog>
  );
}
