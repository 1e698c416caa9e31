import { shellQuote } from '../system/shellQuote.ts';
import { HOOK_EVENTS } from './contract.ts';

/** Tells our hooks from the user's, whatever path our program has: a comment to the shell. */
const MARK = '# agenc-bar';
const TIMEOUT_SECONDS = 5;

type Json = Readonly<Record<string, unknown>>;

/**
 * Claude's `settings.json` with the hooks that report to the wrapper, and everything else as it was.
 * Hooks of ours with another program's path are replaced where they stand, and doubles removed; so
 * applying it twice is as applying it once. What is not of the shape that Claude reads is left alone.
 * @param command the program that understands `hook EVENT`, and its first arguments
 */
export function withHooks(settings: object, command: readonly string[]): object {
  const hooks: unknown = 'hooks' in settings ? settings.hooks : {};
  if (!isRecord(hooks)) return settings;
  // Keys that were there keep their places.
  const events = new Set([...Object.keys(hooks), ...HOOK_EVENTS]);
  const merged = [...events].map((event) => {
    const groups = hooks[event];
    return [event, isOurEvent(event) ? withHook(groups, event, command) : groups];
  });
  return { ...settings, hooks: Object.fromEntries(merged) };
}

/** The shell command of one hook. Whatever happens to our program, Claude's own work is not held up. */
export function hookCommand(command: readonly string[], event: string): string {
  return `${[...command, 'hook', event].map(shellQuote).join(' ')} || : ${MARK}`;
}

function withHook(groups: unknown, event: string, command: readonly string[]): unknown {
  if (groups !== undefined && !Array.isArray(groups)) return groups;
  const hook = { type: 'command', command: hookCommand(command, event), timeout: TIMEOUT_SECONDS };
  let placed = false;
  const kept = (groups ?? []).flatMap((group: unknown) => {
    if (!isRecord(group) || !Array.isArray(group.hooks) || !group.hooks.some(isOurs))
      return [group];
    const hooks = group.hooks.flatMap((one: unknown) => {
      if (!isOurs(one)) return [one];
      if (placed) return [];
      placed = true;
      return [hook];
    });
    return hooks.length === 0 ? [] : [{ ...group, hooks }];
  });
  return placed ? kept : [...kept, { matcher: '', hooks: [hook] }];
}

function isOurs(hook: unknown): boolean {
  return isRecord(hook) && typeof hook.command === 'string' && hook.command.endsWith(` ${MARK}`);
}

function isOurEvent(event: string): boolean {
  return (HOOK_EVENTS as readonly string[]).includes(event);
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
