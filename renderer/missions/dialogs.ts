import { createValue } from '../state/value.ts';

/** What is asked before something is done with a mission. One at a time, whichever row it is about. */
export interface OpenDialog {
  readonly kind: 'headless' | 'remove' | 'detach';
  readonly missionId: string;
}

export const openDialog = createValue<OpenDialog | null>(null);
