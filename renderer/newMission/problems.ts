import type { Draft } from '../state/newMission.ts';

/** What is missing in the form, in words; `null`: nothing. */
export interface Problems {
  readonly name: string | null;
  readonly prompt: string | null;
}

export function problemsOf({ name, prompt, run }: Draft): Problems {
  const needsPrompt = run === 'headless' && prompt.trim() === '';
  return {
    name: name.trim() === '' ? 'Give it a name.' : null,
    prompt: needsPrompt ? 'A headless run needs a prompt.' : null,
  };
}
