import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';

export type JsonObject = { readonly [key: string]: unknown };

/** Digests of what was last brought over, by path in the object. */
export type Brought = Readonly<Record<string, string>>;

export interface Followed {
  readonly value: JsonObject;
  readonly brought: Brought;
}

/** How deep values are told apart: a server of `mcpServers` is one value, whatever is in it. */
const DEPTH = 2;
/** `projects.<folder>.mcpServers.<name>`: the same, below a folder. */
const PROJECTS_DEPTH = 4;

/**
 * Brings the user's settings to a mission that has changed some itself: **what the mission changed stays
 * the mission's; everything else follows the user**, value by value, down to the second level. A value
 * that is the same on both sides again follows from then on.
 * @param brought what was last brought over; nothing for a new mission
 */
export function followUser(user: JsonObject, mission: JsonObject, brought: Brought): Followed {
  const wanted = valuesIn(user);
  const had = valuesIn(mission);
  const now: Record<string, string> = {};
  const taken: [string, unknown][] = [];
  const kept: [string, unknown][] = [];
  for (const at of new Set([...wanted.keys(), ...had.keys()])) {
    const [theirs, own] = [digest(wanted.get(at)), digest(had.get(at))];
    if (own === brought[at] || own === theirs) {
      if (theirs !== undefined) now[at] = theirs;
      if (wanted.has(at)) taken.push([at, wanted.get(at)]);
    } else {
      if (brought[at] !== undefined) now[at] = brought[at];
      if (had.has(at)) kept.push([at, had.get(at)]);
    }
  }
  // What is kept comes last: where one side has a map and the other a plain value, the mission's stays.
  return { value: objectOf([...taken, ...kept]), brought: now };
}

/** The values that are told apart, by their path as JSON. A map without anything in it is a value, too. */
function valuesIn(object: JsonObject): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const look = (value: unknown, path: readonly string[]): void => {
    const depth = path[0] === 'projects' ? PROJECTS_DEPTH : DEPTH;
    if (path.length < depth && isObject(value) && Object.keys(value).length > 0)
      for (const [key, inner] of Object.entries(value)) look(inner, [...path, key]);
    else if (path.length > 0) found.set(JSON.stringify(path), value);
  };
  look(object, []);
  return found;
}

/** The reverse. A later value takes the place of an earlier one that is in its way. */
function objectOf(values: readonly (readonly [string, unknown])[]): JsonObject {
  const root: Tree = new Map();
  for (const [at, value] of values) {
    const path = z.array(z.string()).parse(JSON.parse(at));
    const last = path.pop() ?? '';
    let tree = root;
    for (const key of path) {
      const inner = tree.get(key);
      const next: Tree = inner instanceof Map ? inner : new Map();
      tree.set(key, next);
      tree = next;
    }
    const isEmptyMap = isObject(value) && Object.keys(value).length === 0;
    if (!isEmptyMap) tree.set(last, value);
    else if (!(tree.get(last) instanceof Map)) tree.set(last, new Map());
  }
  return plain(root);
}

type Tree = Map<string, unknown>;

/** Not by assignment: a key `__proto__` is a key like any other here. */
function plain(tree: Tree): JsonObject {
  return Object.fromEntries(
    [...tree].map(([key, value]) => [key, value instanceof Map ? plain(value) : value]),
  );
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `undefined` for what is not there. Some values are secrets, so that nothing but digests is noted down. */
function digest(value: unknown): string | undefined {
  const canonical = value === undefined ? undefined : canonicalize(value);
  return canonical === undefined ? undefined : hash('sha256', canonical).slice(0, 16);
}
