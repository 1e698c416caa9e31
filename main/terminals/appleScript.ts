import { UserError } from '../system/userError.ts';
import { plainTitle, plainWords } from './command.ts';
import { application } from './places.ts';
import type { Launch, Terminal, TerminalRequest } from './terminal.ts';

/**
 * The scripts are the same for every command: what differs comes as arguments, so that nothing has to
 * be quoted for AppleScript. The applications go by their ids, as iTerm2's name has changed.
 * The window is made first, then activated: activating an application that does not run yet opens an
 * empty window of its own. A title that cannot be set is not worth a failure.
 */
const TERMINAL_SCRIPT = `on run argv
  tell application id "com.apple.Terminal"
    set theTab to do script (item 1 of argv)
    try
      set custom title of theTab to (item 2 of argv)
    end try
    activate
  end tell
end run
`;

const ITERM_SCRIPT = `on run argv
  tell application id "com.googlecode.iterm2"
    set theWindow to (create window with default profile command (item 1 of argv))
    try
      tell current session of theWindow to set name to (item 2 of argv)
    end try
    activate
  end tell
end run
`;

/**
 * `do script` types. Until the shell's line editor is up, macOS keeps 1,024 bytes of a line, line
 * break included, and drops the rest (MAX_CANON; anthropics/claude-code#81485).
 */
export const MAX_TYPED_BYTES = 1000;

/** Terminal.app can only type into the user's login shell. */
export const appleTerminal: Terminal = {
  name: 'Terminal',
  platforms: ['darwin'],
  lookedFor: 'osascript on PATH',
  find: ({ which }) => which('osascript'),
  launch: (osascript, request) =>
    runScript(osascript, TERMINAL_SCRIPT, typedLine(request), request),
};

/**
 * `command` and not `write text`, which types as Terminal.app does: it runs at once, whatever the user
 * is typing meanwhile, however long it is, and does not wait for questions of a shell's start-up.
 */
export const iterm2: Terminal = {
  name: 'iTerm2',
  platforms: ['darwin'],
  lookedFor: 'iTerm.app in /Applications and ~/Applications, osascript on PATH',
  find: (probe) => (application(probe, 'iTerm.app') === null ? null : probe.which('osascript')),
  launch: (osascript, request) =>
    runScript(osascript, ITERM_SCRIPT, itermCommand(request), request),
};

/** A line that sh, bash, zsh, fish and tcsh take alike. @throws UserError if it is too long */
export function typedLine(request: TerminalRequest): string {
  const [sh, dashC, decoder, text] = plainWords(request);
  const line = `exec ${sh} ${dashC} '${decoder}' '${text}'`;
  if (line.length <= MAX_TYPED_BYTES) return line;
  throw new UserError(
    `The command is too long for Terminal (${line.length} of ${MAX_TYPED_BYTES} bytes). ` +
      'Set "terminal" in bar/settings.json to another one.',
  );
}

/**
 * The words for iTerm2's own parser (`componentsInShellCommand` in NSStringITerm.m). It has backslash
 * escapes of its own, `\n`, `\t`, `\a` and `\r`, replaces `$$NAME$$` and evaluates `\(…)`; none of these
 * is in plain words. `\\0` in double quotes becomes `\0` in all its versions.
 */
export function itermCommand(request: TerminalRequest): string {
  return plainWords(request)
    .map((word) => `"${word.replaceAll('\\', '\\\\')}"`)
    .join(' ');
}

function runScript(
  osascript: string,
  stdin: string,
  command: string,
  { title }: TerminalRequest,
): Launch {
  const argv = [osascript, '-', command, plainTitle(title)];
  return { argv, stdin, ends: true, hint: permissionHint };
}

/** errAEEventNotPermitted: macOS asks once whether we may control the other application. */
function permissionHint(said: string): string | null {
  if (!said.includes('-1743')) return null;
  return 'Allow it in System Settings, Privacy & Security, Automation.';
}
