// Escape sequences as ECMA-48 has them: control strings (titles, links) up to their end, control
// sequences (colours, the cursor), and the short ones of two or three characters.
const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)|\x1b[ -/]*(?:[0-~]|$)/g;
/** What else a terminal would not show; tabs and line breaks stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: likewise
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** What a line overwrites of itself, as progress bars do. */
const OVERWRITTEN = /[^\n]*\r(?=[^\n])/g;

/** What a terminal would show of what a program printed, as plain lines: no colours, no cursor, no bells. */
export function terminalText(printed: string): string {
  return printed
    .replace(ESCAPES, '')
    .replace(/\r+\n/g, '\n')
    .replace(/\r+$/, '')
    .replace(OVERWRITTEN, '')
    .replace(CONTROLS, '');
}
