import { BrowserWindow, type BrowserWindowConstructorOptions, type WebContents } from 'electron';
import type { Menubar } from 'electron-menubar';
import { PAGE_URL } from '../page.ts';

export type Presentation = 'popover' | 'window';

/** The one window: at the menu bar or by itself. It is made on first use and freed when long hidden. */
export interface AppWindow {
  presentation(): Presentation;
  /** Moves the page to the other kind of window, and shows it. */
  present(as: Presentation): Promise<void>;
  show(): Promise<void>;
  toggle(): Promise<void>;
  hide(): void;
  isVisible(): boolean;
  contents(): WebContents | undefined;
  setBackground(colour: string): void;
  /** Keeps a popover open although it loses the focus: to a dialog that it opened. */
  keepOpen<T>(work: () => Promise<T>): Promise<T>;
  dispose(): void;
}

export interface AppWindowDeps {
  readonly menubar: Menubar;
  readonly first: Presentation;
  readonly options: () => BrowserWindowConstructorOptions;
  /** It is about to be seen. */
  readonly onShow: () => void;
  /** It was seen for the last time, for now. */
  readonly onLeave: (size: readonly [number, number]) => void;
}

/** Made anew in half a second; a page that nobody looks at for this long is not worth its memory. */
const FREE_AFTER_MS = 10 * 60_000;

export function createAppWindow(deps: AppWindowDeps): AppWindow {
  const { menubar } = deps;
  let presentation = deps.first;
  let plain: BrowserWindow | null = null;
  let freeing: ReturnType<typeof setTimeout> | null = null;
  let disposed = false;

  const current = (): BrowserWindow | undefined =>
    presentation === 'popover' ? menubar.window : (plain ?? undefined);

  function stopFreeing(): void {
    if (freeing !== null) clearTimeout(freeing);
    freeing = null;
  }

  function freeLater(): void {
    stopFreeing();
    freeing = setTimeout(free, FREE_AFTER_MS);
    freeing.unref();
  }

  function free(): void {
    const window = current();
    if (window?.isVisible() !== true) window?.destroy();
  }

  function watch(window: BrowserWindow): void {
    window.on('show', stopFreeing);
    window.on('hide', freeLater);
    // Not at "resized": Linux has no such event.
    for (const leaving of ['hide', 'close'] as const) window.on(leaving as 'hide', noteSize);
    function noteSize(): void {
      const [width = 0, height = 0] = window.getSize();
      deps.onLeave([width, height]);
    }
    // A page that crashed is made anew at the next click.
    window.webContents.on('render-process-gone', () => window.destroy());
  }

  async function showPlain(): Promise<void> {
    if (plain === null) {
      const window = new BrowserWindow(deps.options());
      plain = window;
      watch(window);
      window.on('closed', () => {
        plain = null;
      });
      await window.loadURL(PAGE_URL);
    }
    if (plain.isMinimized()) plain.restore();
    deps.onShow();
    plain.show();
    plain.focus();
  }

  async function show(): Promise<void> {
    if (disposed) return;
    if (presentation === 'window') await showPlain();
    else await menubar.showWindow();
  }

  menubar.on('create-window', () => menubar.setOption('browserWindow', deps.options()));
  menubar.on('before-load', () => menubar.window && watch(menubar.window));
  menubar.on('show', deps.onShow);

  return {
    presentation: () => presentation,
    show,

    async present(as) {
      const old = current();
      presentation = as;
      await show();
      old?.destroy();
    },

    async toggle() {
      if (presentation === 'popover') await menubar.toggleWindow();
      else if (plain?.isVisible() === true && plain.isFocused()) plain.hide();
      else await showPlain();
    },

    hide() {
      if (presentation === 'popover') menubar.hideWindow();
      else plain?.hide();
    },

    isVisible: () => current()?.isVisible() ?? false,
    contents: () => current()?.webContents,
    setBackground: (colour) => current()?.setBackgroundColor(colour),

    async keepOpen(work) {
      menubar.setOption('hideOnBlur', false);
      try {
        return await work();
      } finally {
        menubar.setOption('hideOnBlur', true);
      }
    },

    dispose() {
      disposed = true;
      stopFreeing();
      plain?.destroy();
      menubar.destroy();
    },
  };
}
