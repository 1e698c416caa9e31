import type { BrowserWindowConstructorOptions, NativeTheme } from 'electron';

export const DEFAULT_SIZE = [380, 560] as const;
const MIN_WIDTH = 340;
const MIN_HEIGHT = 400;

/** The page's backgrounds (renderer/style/tokens.css), so that nothing flashes before it is painted. */
const BACKGROUNDS = { light: '#f6f6f7', dark: '#1f2023' } as const;

export function backgroundOf({ shouldUseDarkColors }: Pick<NativeTheme, 'shouldUseDarkColors'>) {
  return shouldUseDarkColors ? BACKGROUNDS.dark : BACKGROUNDS.light;
}

/** Wayland lets no window be placed, so a popover there would come up anywhere. */
export function firstPresentation(platform: NodeJS.Platform, env: NodeJS.ProcessEnv) {
  return platform === 'linux' && env.WAYLAND_DISPLAY ? 'window' : 'popover';
}

/** A page that can do nothing but show, and ask over the bridge. */
export function windowOptions(
  preload: string,
  size: readonly [number, number],
  theme: Pick<NativeTheme, 'shouldUseDarkColors'>,
  devTools: boolean,
): BrowserWindowConstructorOptions {
  return {
    width: size[0],
    height: size[1],
    minWidth: MIN_WIDTH,
    minHeight: MIN_HEIGHT,
    title: 'AgenC Bar',
    show: false,
    fullscreenable: false,
    maximizable: false,
    backgroundColor: backgroundOf(theme),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // It would fetch dictionaries from the network.
      spellcheck: false,
      devTools,
    },
  };
}
