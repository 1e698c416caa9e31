import { z } from 'zod';
import type { RunNote } from './contract/missions.ts';

/** A line of `wrapper.log`: an event with details of its own. */
const lineSchema = z.looseObject({ at: z.iso.datetime(), event: z.string() });
type Line = z.infer<typeof lineSchema>;

/** What an event means to people; those that are not here are for whoever looks for a defect. */
const TEXTS = new Map<string, (line: Line) => string>(
  Object.entries({
    start: ({ mode }: Line) => (mode === 'headless' ? 'Started headless' : 'Started in a terminal'),
    cloned: () => 'Received what all others are signed in to',
    'claude-started': ({ pid }: Line) => `Claude runs (process ${String(pid)})`,
    restart: ({ mode }: Line) =>
      mode === 'hard' ? 'To be restarted' : 'To be restarted once idle',
    stop: ({ by }: Line) => (by === 'timeout' ? 'Out of time: to be stopped' : 'To be stopped'),
    killed: () => 'Claude did not end, and was killed',
    'claude-ended': ({ code, signal }: Line) =>
      signal
        ? `Claude was ended by ${String(signal)}`
        : `Claude ended with exit code ${String(code)}`,
    'written-back': () => 'Gave the others what it is signed in to',
    warning: ({ text }: Line) => String(text),
    failed: ({ error }: Line) => String(error),
    end: () => 'Ended',
  }),
);

/** A line of `wrapper.log` in words for people; `null` for one that has none. */
export function runNote(line: string): RunNote | null {
  const parsed = lineSchema.safeParse(parseJson(line));
  if (!parsed.success) return null;
  const text = TEXTS.get(parsed.data.event)?.(parsed.data);
  return text === undefined ? null : { at: parsed.data.at, text };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Cut off, or of AgenC's own wrapper, which writes another log under the same name.
    return null;
  }
}
