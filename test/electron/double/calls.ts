/** What main asked of Electron, in order: the tests' view of what the user would have seen. */

/** The name of what was called, then its arguments: `['shell.openExternal', 'https://…']`. */
export type Call = readonly [what: string, ...details: unknown[]];

/** A strict object answers this with the name of what it doubles. */
export const DOUBLE_NAME = Symbol('the name of the doubled object');

const DEEPEST = 8;

export const calls: Call[] = [];

/** Adds to the list. The details are copied as they are now, in a form that can cross to the test. */
export function record(what: string, ...details: unknown[]): void {
  calls.push([what, ...details.map((detail) => plain(detail))]);
}

/** A copy that any test can read: functions and doubled objects are named, bytes counted. */
export function plain(value: unknown, depth = 0): unknown {
  if (typeof value === 'function') return '[function]';
  if (typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  const name: unknown = Reflect.get(value, DOUBLE_NAME);
  if (typeof name === 'string') return `[${name}]`;
  if (depth > DEEPEST) return '[deeper]';
  if (value instanceof Error) return String(value);
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, plain(item, depth + 1)]),
  );
}
