/** How the versions of iTerm2 differ in what they make of a `command`. */
export interface ItermRules {
  /** Up to about 3.0 only double quotes counted, and a backslash escaped in them as well. */
  readonly old?: boolean;
  /** `\\` may become `\` when interpolated strings are evaluated, before anything else. */
  readonly interpolated?: boolean;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', a: '\x07', t: '\t', r: '\r' };

/**
 * The arguments that iTerm2 makes of a command: its `componentsInShellCommand`, rewritten from the rules
 * that its own tests state.
 * @throws where iTerm2 would evaluate something, ask for a variable or expand a tilde
 */
export function readItermCommand(text: string, { old, interpolated }: ItermRules): string[] {
  if (/\\\(|\$\$/.test(text)) throw new Error(`iTerm2 would evaluate: ${text}`);
  const command = interpolated ? text.replaceAll('\\\\', '\\') : text;
  const words: string[] = [];
  let current: string | null = null;
  let quote = '';
  for (let at = 0; at < command.length; at += 1) {
    const c = command.charAt(at);
    if (c === '\\') {
      at += 1;
      const next = command.charAt(at);
      const kept = quote === '' || old || ['"', '\\'].includes(next) ? next : `\\${next}`;
      current = (current ?? '') + (ESCAPES[next] ?? kept);
    } else if (c === quote) {
      quote = '';
    } else if (quote === '' && (c === '"' || (c === "'" && !old))) {
      quote = c;
      current ??= '';
    } else if (quote === '' && /\s/.test(c)) {
      if (current !== null) words.push(current);
      current = null;
    } else {
      if (current === null && c === '~') throw new Error('iTerm2 would expand the tilde');
      current = (current ?? '') + c;
    }
  }
  return current === null ? words : [...words, current];
}
