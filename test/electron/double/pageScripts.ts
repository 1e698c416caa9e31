/** What the double runs inside a page. Each function is self-contained: its text crosses, not its scope. */
import { readFileSync } from 'node:fs';
import { makeBridge } from './bridge.ts';
import { makeCodec } from './codec.ts';
import { FROM_MAIN, runPreload } from './preloadWorld.ts';

/** The worlds of a page beside its own, and the binding by which each speaks to the main process. */
export const PRELOAD_WORLD = 'Electron Isolated Context';
export const KEYS_WORLD = 'Electron Stand-In';
export const PRELOAD_BINDING = '__electronStandInToMain';
export const KEYS_BINDING = '__electronStandInKeys';

/** A key as Electron's `before-input-event` tells it. */
export interface KeyInput {
  readonly type: 'keyDown' | 'keyUp';
  readonly key: string;
  readonly code: string;
  readonly isAutoRepeat: boolean;
  readonly isComposing: boolean;
  readonly shift: boolean;
  readonly control: boolean;
  readonly alt: boolean;
  readonly meta: boolean;
  readonly location: number;
  readonly modifiers: string[];
}

// As nodeIntegrationInSubFrames is off, frames inside the page get neither preload nor bridge.
const ONLY_PAGES = "if (window.top === window && location.href !== 'about:blank')";

/** The page's own world: the receiving end of `contextBridge`, and no child windows. */
export function pageWorldScript(secret: string): string {
  return `${ONLY_PAGES} {
    (${makeBridge})('page', ${JSON.stringify(secret)}, (${makeCodec})().cloneOrThrow);
    (${denyChildWindows})();
  }`;
}

/** The isolated world: the preload script. */
export function preloadWorldScript(secret: string, preload: string, platform: string): string {
  // The line break: the script may end in a comment.
  return `${ONLY_PAGES} {
    const codec = (${makeCodec})();
    const send = globalThis.${PRELOAD_BINDING};
    delete globalThis.${PRELOAD_BINDING};
    send('hello');
    const bridge = (${makeBridge})('preload', ${JSON.stringify(secret)}, codec.cloneOrThrow);
    (${runPreload})(codec, bridge, send, '${platform}', '${FROM_MAIN}',
      function (require, module, exports, process) { ${readFileSync(preload, 'utf8')}
      });
  }`;
}

/** A world of the double's own: it sees keys before the page does. */
export function keysWorldScript(): string {
  return `${ONLY_PAGES} (${tellKeys})(globalThis.${KEYS_BINDING});`;
}

/**
 * Makes the page hidden or visible. A headless Chromium's pages are always visible, and Playwright needs
 * them so; hence the page is told otherwise. Its timers and frames run on.
 */
export function visibilityScript(hidden: boolean): string {
  return `(${tellVisibility})(${hidden});`;
}

function denyChildWindows(): void {
  const open = window.open.bind(window);
  window.open = (...args: Parameters<typeof window.open>): null => {
    // Chromium announces what is asked for; the double closes what comes of it.
    open(...args);
    return null;
  };
}

function tellVisibility(hidden: boolean): void {
  const state = hidden ? 'hidden' : 'visible';
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => state });
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
}

function tellKeys(tell: (text: string) => void): void {
  const listener = (event: KeyboardEvent): void => {
    // What a script of the page makes up is not input.
    if (!event.isTrusted) return;
    const held = { shift: event.shiftKey, control: event.ctrlKey, alt: event.altKey };
    const input: KeyInput = {
      type: event.type === 'keydown' ? 'keyDown' : 'keyUp',
      key: event.key,
      code: event.code,
      isAutoRepeat: event.repeat,
      isComposing: event.isComposing,
      ...held,
      meta: event.metaKey,
      location: event.location,
      modifiers: Object.entries({ ...held, meta: event.metaKey })
        .filter(([, down]) => down)
        .map(([name]) => name),
    };
    tell(JSON.stringify(input));
  };
  window.addEventListener('keydown', listener, true);
  window.addEventListener('keyup', listener, true);
}
