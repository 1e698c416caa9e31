import { EventEmitter } from 'node:events';
import { currentMedia, isDark, setDarkByApp, setMedia } from './media.ts';
import type { Media } from './standInSettings.ts';
import { strict } from './strict.ts';

type ThemeSource = 'system' | 'light' | 'dark';

class NativeTheme extends EventEmitter {
  #source: ThemeSource = 'system';

  get shouldUseDarkColors(): boolean {
    return isDark();
  }
  get shouldUseDarkColorsForSystemIntegratedUI(): boolean {
    return currentMedia().dark === true;
  }
  get shouldUseHighContrastColors(): boolean {
    return currentMedia().moreContrast === true;
  }
  get shouldUseInvertedColorScheme(): boolean {
    return false;
  }
  get inForcedColorsMode(): boolean {
    return currentMedia().forcedColors === true;
  }
  get prefersReducedTransparency(): boolean {
    return currentMedia().reducedTransparency === true;
  }
  get themeSource(): ThemeSource {
    return this.#source;
  }
  set themeSource(source: ThemeSource) {
    if (source === this.#source) return;
    this.#source = source;
    setDarkByApp(source === 'system' ? undefined : source === 'dark');
    this.emit('updated');
  }
}

const rawTheme = new NativeTheme();
export const nativeTheme = strict('nativeTheme', rawTheme);

/** The user changes the system's looks: pages and main learn of it. */
export async function changeTheme(change: Media): Promise<void> {
  await setMedia(change);
  rawTheme.emit('updated');
}
