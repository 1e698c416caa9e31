import type { Bridge } from './bridge.ts';
import type { Codec } from './codec.ts';

/** What the preload's world says to the main process. */
export interface PreloadMessage {
  readonly kind: 'invoke' | 'send' | 'preload-error';
  readonly channel: string;
  readonly args: unknown[];
}

/** The name under which the main process reaches into the isolated world. */
export const FROM_MAIN = '__electronStandInFromMain';

type Preload = (
  require: (id: string) => unknown,
  module: { exports: object },
  exports: object,
  process: object,
) => void;

/**
 * Runs a preload script as Electron does a sandboxed one: with `require` for `electron` alone. The
 * function is self-contained: its text is run inside the page's isolated world.
 * @param send says something to the main process; exists in this world only
 */
export function runPreload(
  codec: Codec,
  bridge: Bridge,
  send: (text: string) => void,
  platform: string,
  fromMain: string,
  preload: Preload,
): void {
  type Listener = (event: object, ...args: unknown[]) => void;
  type Waiting = (answer: string) => void;
  type Entry = { listener: Listener; once: boolean };

  const waiting = new Map<number, Waiting>();
  const listeners = new Map<string, Entry[]>();
  let last = 0;

  const strict = <T extends object>(name: string, target: T): T =>
    new Proxy(target, {
      get(object, key) {
        if (typeof key === 'string' && !(key in object)) {
          throw new Error(`Electron stand-in: ${name}.${key} is not implemented`);
        }
        return Reflect.get(object, key);
      },
    });
  const tell = (id: number, message: PreloadMessage): void =>
    send(JSON.stringify({ id, text: codec.encode(message) }));
  const entriesOf = (channel: string): Entry[] => listeners.get(channel) ?? [];
  const add = (channel: string, listener: Listener, once: boolean): object => {
    listeners.set(channel, [...entriesOf(channel), { listener, once }]);
    return ipcRenderer;
  };
  const remove = (channel: string, listener: Listener): object => {
    const entries = entriesOf(channel);
    const index = entries.findLastIndex((entry) => entry.listener === listener);
    listeners.set(channel, index < 0 ? entries : entries.toSpliced(index, 1));
    return ipcRenderer;
  };
  const on = (channel: string, listener: Listener): object => add(channel, listener, false);

  const ipcRenderer: object = strict('ipcRenderer', {
    invoke: async (channel: string, ...args: unknown[]): Promise<unknown> => {
      const id = ++last;
      const answer = new Promise<string>((resolve) => waiting.set(id, resolve));
      tell(id, { kind: 'invoke', channel, args });
      const { error, result } = codec.decode(await answer) as { error?: string; result?: unknown };
      if (error === undefined) return result;
      throw new Error(`Error invoking remote method '${channel}': ${error}`);
    },
    send: (channel: string, ...args: unknown[]): void => tell(0, { kind: 'send', channel, args }),
    on,
    addListener: on,
    once: (channel: string, listener: Listener): object => add(channel, listener, true),
    off: remove,
    removeListener: remove,
    removeAllListeners: (channel?: string): object => {
      if (channel === undefined) listeners.clear();
      else listeners.delete(channel);
      return ipcRenderer;
    },
    listenerCount: (channel: string): number => entriesOf(channel).length,
  });
  const electron = strict('electron (in the preload)', {
    ipcRenderer,
    contextBridge: strict('contextBridge', { exposeInMainWorld: bridge.expose }),
  });

  Reflect.set(globalThis, fromMain, {
    answer: (id: number, text: string): void => {
      waiting.get(id)?.(text);
      waiting.delete(id);
    },
    dispatch: (channel: string, text: string): void => {
      for (const { listener, once } of entriesOf(channel)) {
        if (once) remove(channel, listener);
        listener({ sender: ipcRenderer, ports: [] }, ...(codec.decode(text) as unknown[]));
      }
    },
  });

  const require = (id: string): unknown => {
    if (id === 'electron' || id === 'electron/renderer') return electron;
    throw new Error(`module not found: ${id}`);
  };
  const process = strict('process (in the preload)', {
    type: 'renderer',
    platform,
    versions: {},
    env: {},
    sandboxed: true,
    contextIsolated: true,
  });
  const module = { exports: {} };
  try {
    preload(require, module, module.exports, process);
  } catch (error) {
    const told = error instanceof Error ? String(error.stack) : String(error);
    tell(0, { kind: 'preload-error', channel: '', args: [told] });
  }
}
