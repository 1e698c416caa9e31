import type { WebContents } from 'electron';
import type { AppPush } from '../main/service/contract/app.ts';
import { push } from './ipc.ts';
import type { AppWindow } from './window/appWindow.ts';

type Target = AppPush<'navigate'>;

/** Opens the window at a place, also when its page has yet to be made. */
export interface Navigator {
  go(target: Target): Promise<void>;
  /** The page asked for the state, so it listens now. */
  pageAsked(): void;
}

export function createNavigator(window: AppWindow): Navigator {
  let waiting: Target | null = null;
  let listening: WebContents | null = null;

  function flush(): void {
    if (waiting === null || listening === null || listening.isDestroyed()) return;
    push(listening, 'navigate', waiting);
    waiting = null;
  }

  return {
    async go(target) {
      waiting = target;
      await window.show();
      if (window.contents() === listening) flush();
    },
    pageAsked() {
      listening = window.contents() ?? null;
      // After the answer to what it asked.
      setImmediate(flush);
    },
  };
}
