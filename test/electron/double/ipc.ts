import { EventEmitter } from 'node:events';
import { record } from './calls.ts';
import { makeCodec } from './codec.ts';
import type { WebFrameMain } from './frame.ts';
import { strict } from './strict.ts';

/** What a handler learns of who asks. */
export interface IpcEvent {
  readonly type: 'frame';
  readonly sender: object;
  readonly senderFrame: WebFrameMain | null;
  readonly processId: number;
  readonly frameId: number;
  readonly reply: (channel: string, ...args: unknown[]) => void;
}

type Handler = (event: IpcEvent, ...args: unknown[]) => unknown;

export const codec = makeCodec();

class IpcMain extends EventEmitter {
  readonly _handlers = new Map<string, Handler>();

  handle(channel: string, handler: Handler): void {
    if (typeof handler !== 'function') {
      throw new TypeError(`Expected handler to be a function, but found type '${typeof handler}'`);
    }
    if (this._handlers.has(channel)) {
      throw new Error(`Attempted to register a second handler for '${channel}'`);
    }
    this._handlers.set(channel, handler);
  }
  handleOnce(channel: string, handler: Handler): void {
    this.handle(channel, (event, ...args) => {
      this.removeHandler(channel);
      return handler(event, ...args);
    });
  }
  removeHandler(channel: string): void {
    this._handlers.delete(channel);
  }
}

export const rawIpcMain = new IpcMain();
export const ipcMain = strict('ipcMain', rawIpcMain);

/** Answers an `invoke`, as the text that crosses to the page. */
export async function answerInvoke(
  event: IpcEvent,
  channel: string,
  args: readonly unknown[],
): Promise<string> {
  record('ipc.invoke', channel, ...args);
  try {
    const handler = rawIpcMain._handlers.get(channel);
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`);
    return codec.encode({ result: await handler(event, ...args) });
  } catch (error) {
    console.error(`Error occurred in handler for '${channel}':`, error);
    return codec.encode({ error: String(error) });
  }
}

/** Hands a `send` to its listeners. */
export function receiveSend(event: IpcEvent, channel: string, args: readonly unknown[]): void {
  record('ipc.send', channel, ...args);
  rawIpcMain.emit(channel, event, ...args);
}
