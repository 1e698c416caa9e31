import type { RunNote } from '../../main/service/contract/missions.ts';

/** What is known of what a mission's runs said. */
export interface RunOutput {
  /** What Claude printed, as it came; `null`: it never ran headless. */
  readonly output: string | null;
  readonly notes: readonly RunNote[];
}

/** UTF-16 code units: as much as one reads back, and quickly shown. */
export const MOST_OUTPUT = 64 * 1024;
const MOST_NOTES = 200;

/** What is there, and what came after it; the end of it where that is too much. */
export function appended(known: RunOutput, came: RunOutput): RunOutput {
  return {
    output: came.output === null ? known.output : theEnd((known.output ?? '') + came.output),
    notes:
      came.notes.length === 0 ? known.notes : [...known.notes, ...came.notes].slice(-MOST_NOTES),
  };
}

/** The end of a text, from the start of a line if there is one. */
function theEnd(text: string): string {
  if (text.length <= MOST_OUTPUT) return text;
  const end = text.slice(-MOST_OUTPUT);
  const line = end.indexOf('\n');
  return line === -1 ? end : end.slice(line + 1);
}
