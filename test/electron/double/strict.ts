import { EventEmitter } from 'node:events';
import { DOUBLE_NAME, record } from './calls.ts';

/**
 * Members that anything may ask of any object: promises look for `then`, JSON for `toJSON`, loggers
 * for `inspect`. They are absent from Electron's objects too.
 */
const ASKED_OF_ANYTHING = new Set([
  'then',
  'catch',
  'toJSON',
  'inspect',
  'asymmetricMatch',
  'nodeType',
]);

/** What changes nothing is not written down: the list is for what main did, not for what it looked at. */
const LOOKS_ONLY = /^(get|is|has|from|create|should|whenReady|read|calculate)/;

const OF_EMITTERS = new Set<PropertyKey>(Object.getOwnPropertyNames(EventEmitter.prototype));

/** May still be asked of an object that is destroyed. */
const OUTLIVES = new Set<PropertyKey>(['isDestroyed', 'destroy', 'id', ...OF_EMITTERS]);

const proxies = new WeakMap<object, object>();

type Method = (...args: unknown[]) => unknown;

/**
 * The object as main gets it. Reading a member that the double lacks throws by name, so that no test
 * passes on an API that is silently undefined; calls are written down; an object that says it is
 * destroyed refuses them as Electron's do.
 */
export function strict<T extends object>(name: string, target: T): T {
  const known = proxies.get(target);
  if (known !== undefined) return known as T;
  const methods = new Map<PropertyKey, { of: Method; bound: Method }>();
  const bind = (key: PropertyKey, method: Method): Method => {
    const kept = methods.get(key);
    if (kept?.of === method) return kept.bound;
    const bound = (...args: unknown[]): unknown => {
      if (!OUTLIVES.has(key) && isDestroyed(target))
        throw new TypeError('Object has been destroyed');
      if (isWrittenDown(key)) record(`${name}.${String(key)}`, ...args);
      const result = Reflect.apply(method, target, args);
      return result === target ? proxy : result;
    };
    methods.set(key, { of: method, bound });
    return bound;
  };
  const proxy: T = new Proxy(target, {
    get(object, key) {
      if (key === DOUBLE_NAME) return name;
      refuseUnknown(name, object, key);
      // The object itself as receiver: its private fields are not the proxy's.
      const value: unknown = Reflect.get(object, key, object);
      return isMethod(key, value) ? bind(key, value) : value;
    },
    set: (object, key, value) => Reflect.set(object, key, value, object),
  });
  proxies.set(target, proxy);
  return proxy;
}

type Constructor<A extends unknown[], T extends object> = new (...args: A) => T;

/** A class whose instances and static members are strict. `new` is written down as `new Name`. */
export function strictClass<A extends unknown[], T extends object, C extends Constructor<A, T>>(
  name: string,
  original: C & Constructor<A, T>,
): C {
  return new Proxy(original, {
    construct(target, args) {
      record(`new ${name}`, ...args);
      return strict(name, Reflect.construct(target, args) as object);
    },
    get(target, key) {
      if (key === DOUBLE_NAME) return `class ${name}`;
      refuseUnknown(name, target, key);
      const value: unknown = Reflect.get(target, key, target);
      if (!isMethod(key, value)) return value;
      return (...args: unknown[]) => {
        if (isWrittenDown(key)) record(`${name}.${String(key)}`, ...args);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

function refuseUnknown(name: string, object: object, key: PropertyKey): void {
  if (typeof key !== 'string' || key in object || ASKED_OF_ANYTHING.has(key)) return;
  throw new Error(`Electron stand-in: ${name}.${key} is not implemented`);
}

/** Classes inside a module object stay what they are. */
function isMethod(key: PropertyKey, value: unknown): value is Method {
  return typeof value === 'function' && key !== 'constructor' && !/^[A-Z]/.test(String(key));
}

function isWrittenDown(key: PropertyKey): boolean {
  return typeof key === 'string' && !OF_EMITTERS.has(key) && !LOOKS_ONLY.test(key);
}

function isDestroyed(target: object): boolean {
  const asked: unknown = Reflect.get(target, 'isDestroyed');
  return typeof asked === 'function' && Reflect.apply(asked, target, []) === true;
}
