/**
 * `next`, made of the parts of `previous` that did not change: what is equal keeps its identity, so that
 * memo'd components are not rendered again. For JSON values; things in lists are told apart by their `id`.
 */
export function share<T>(previous: unknown, next: T): T {
  if (Object.is(previous, next)) return next;
  if (Array.isArray(previous) && Array.isArray(next)) return shareList(previous, next) as T;
  if (isRecord(previous) && isRecord(next)) return shareRecord(previous, next) as T;
  return next;
}

type JsonRecord = { readonly [key: string]: unknown };

function shareList(previous: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  const known = new Map<unknown, unknown>();
  for (const item of previous) if (isRecord(item) && 'id' in item) known.set(item.id, item);
  const shared = next.map((item, at) =>
    share(isRecord(item) && 'id' in item ? known.get(item.id) : previous[at], item),
  );
  const same =
    previous.length === shared.length && shared.every((item, at) => item === previous[at]);
  return same ? previous : shared;
}

function shareRecord(previous: JsonRecord, next: JsonRecord): JsonRecord {
  const keys = Object.keys(next);
  const shared: Record<string, unknown> = {};
  let same = keys.length === Object.keys(previous).length;
  for (const key of keys) {
    shared[key] = share(previous[key], next[key]);
    same &&= key in previous && Object.is(shared[key], previous[key]);
  }
  return same ? previous : shared;
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
