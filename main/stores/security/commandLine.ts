/**
 * The longest command, line break included, that `security -i` can be given.
 *
 * It reads into 4,096 bytes, one of them the closing NUL: 4,095 characters a line. What is longer
 * does not fail cleanly. The first 4,095 characters *are run*, which stores a cut value, and the
 * rest is taken for further commands and echoed on stderr, secrets included
 * (anthropics/claude-code#30337; `MAX_LINE_LEN` and `readline()` in Apple's SecurityTool). At exactly
 * 4,095 characters the line break is left over and read as an empty command, whose exit code 0 hides
 * a failure. So 4,094 characters and the line break are the most that is safe.
 */
export const MAX_LINE_BYTES = 4095;

/**
 * The `add-generic-password` command as a line for `security -i`, or `null` where it has none: it
 * would be too long, or a name holds a character that ends a line or a string.
 * @param hex the value, as hex digits
 */
export function addCommandLine(account: string, service: string, hex: string): string | null {
  if ([account, service].some((name) => name.includes('\n') || name.includes('\0'))) return null;
  const line = `add-generic-password -U -a ${quote(account)} -s ${quote(service)} -X ${quote(hex)}\n`;
  return Buffer.byteLength(line) <= MAX_LINE_BYTES ? line : null;
}

/** One argument in double quotes; a backslash escapes inside them. */
export function quote(argument: string): string {
  return `"${argument.replaceAll(/["\\]/g, '\\$&')}"`;
}
