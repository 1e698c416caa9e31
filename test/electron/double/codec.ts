/**
 * Structured clone as text: what crosses between the page's world and the main process. The function is
 * self-contained, as its text is also run inside the page.
 */
export interface Codec {
  /** @throws Electron's error if the value cannot be cloned */
  readonly encode: (value: unknown) => string;
  readonly decode: (text: string) => unknown;
  readonly cloneOrThrow: (value: unknown) => unknown;
}

export function makeCodec(): Codec {
  /** What JSON cannot say is `[tag, content]` under `$`. */
  type Tagged = { $: string; v?: unknown };
  type ErrorClass = new (message: string) => Error;
  type ViewClass = new (buffer: ArrayBuffer) => ArrayBufferView;

  const cloneOrThrow = (value: unknown): unknown => {
    try {
      return structuredClone(value);
    } catch {
      throw new Error('An object could not be cloned.');
    }
  };

  const encode = (value: unknown): string => {
    const seen = new Map<object, number>();
    const entries = (pairs: Iterable<[unknown, unknown]>): unknown[] =>
      Array.from(pairs, ([key, item]) => [write(key), write(item)]);
    const writeObject = (object: object): Tagged => {
      const id = seen.get(object);
      if (id !== undefined) return { $: 'ref', v: id };
      seen.set(object, seen.size);
      if (object instanceof Date) return { $: 'date', v: String(object.getTime()) };
      if (object instanceof RegExp) return { $: 'regexp', v: [object.source, object.flags] };
      if (object instanceof Map) return { $: 'map', v: entries(object) };
      if (object instanceof Set) return { $: 'set', v: Array.from(object, write) };
      if (object instanceof Error) {
        return { $: 'error', v: [object.name, object.message, object.stack] };
      }
      if (object instanceof ArrayBuffer) {
        return { $: 'bytes', v: ['ArrayBuffer', Array.from(new Uint8Array(object))] };
      }
      if (ArrayBuffer.isView(object)) {
        const bytes = new Uint8Array(object.buffer, object.byteOffset, object.byteLength);
        return { $: 'bytes', v: [object.constructor.name, Array.from(bytes)] };
      }
      if (Array.isArray(object)) return { $: 'array', v: Array.from(object, write) };
      return { $: 'object', v: Object.entries(object).map(([key, item]) => [key, write(item)]) };
    };
    const write = (item: unknown): unknown => {
      if (item === null || typeof item === 'string' || typeof item === 'boolean') return item;
      if (typeof item === 'number') {
        if (Number.isFinite(item) && !Object.is(item, -0)) return item;
        return { $: 'number', v: Object.is(item, -0) ? '-0' : String(item) };
      }
      if (typeof item === 'bigint') return { $: 'bigint', v: String(item) };
      if (typeof item === 'object') return writeObject(item);
      return { $: 'undefined' };
    };
    // The clone refuses what cannot be cloned, and drops prototypes and accessors.
    return JSON.stringify(write(cloneOrThrow(value)));
  };

  const decode = (text: string): unknown => {
    const seen: unknown[] = [];
    const keep = <T>(object: T): T => {
      seen.push(object);
      return object;
    };
    const readBytes = ([kind, numbers]: [string, number[]]): unknown => {
      const bytes = new Uint8Array(numbers);
      if (kind === 'ArrayBuffer') return keep(bytes.buffer);
      if (kind === 'Uint8Array' || kind === 'Buffer') return keep(bytes);
      const View = Reflect.get(globalThis, kind) as ViewClass;
      return keep(new View(bytes.buffer));
    };
    const readError = ([name, message, stack]: [string, string, string]): Error => {
      const known: unknown = Reflect.get(globalThis, name);
      const isError = typeof known === 'function' && known.prototype instanceof Error;
      const error = keep(isError ? new (known as ErrorClass)(message) : new Error(message));
      error.stack = stack;
      return error;
    };
    const read = (wire: unknown): unknown => {
      if (wire === null || typeof wire !== 'object') return wire;
      const { $: tag, v } = wire as Tagged;
      if (tag === 'undefined') return undefined;
      if (tag === 'number') return Number(v);
      if (tag === 'bigint') return BigInt(v as string);
      if (tag === 'ref') return seen[v as number];
      if (tag === 'date') return keep(new Date(Number(v)));
      if (tag === 'regexp') return keep(new RegExp(...(v as [string, string])));
      if (tag === 'error') return readError(v as [string, string, string]);
      if (tag === 'bytes') return readBytes(v as [string, number[]]);
      const content = v as unknown[];
      if (tag === 'array') {
        const array: unknown[] = keep([]);
        for (const item of content) array.push(read(item));
        return array;
      }
      if (tag === 'set') {
        const set = keep(new Set());
        for (const item of content) set.add(read(item));
        return set;
      }
      const pairs = content as [unknown, unknown][];
      if (tag === 'map') {
        const map = keep(new Map());
        for (const [key, item] of pairs) map.set(read(key), read(item));
        return map;
      }
      const object: Record<string, unknown> = keep({});
      for (const [key, item] of pairs) object[key as string] = read(item);
      return object;
    };
    return read(JSON.parse(text));
  };
  return { encode, decode, cloneOrThrow };
}
