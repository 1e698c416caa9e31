/** What the user set in the system, as pages see it in media queries. */
import type { CDPSession } from 'playwright-core';
import { settings } from './settings.ts';
import type { Media } from './standInSettings.ts';

const pages = new Set<CDPSession>();
let current: Media = settings.media;
/** `nativeTheme.themeSource`, which goes before the system. */
let darkByApp: boolean | undefined;

export const currentMedia = (): Media => current;
export const isDark = (): boolean => darkByApp ?? current.dark === true;

/** From now on this page follows; at once it gets what is set. */
export async function emulateMedia(page: CDPSession): Promise<void> {
  pages.add(page);
  await apply(page);
}

export function forgetMedia(page: CDPSession): void {
  pages.delete(page);
}

/** The user changes something in the system. */
export async function setMedia(change: Media): Promise<void> {
  current = { ...current, ...change };
  await applyToAll();
}

export function setDarkByApp(dark: boolean | undefined): void {
  darkByApp = dark;
  void applyToAll();
}

async function applyToAll(): Promise<void> {
  await Promise.all([...pages].map((page) => apply(page).catch(() => undefined)));
}

async function apply(page: CDPSession): Promise<void> {
  await page.send('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value: isDark() ? 'dark' : 'light' },
      { name: 'prefers-contrast', value: current.moreContrast ? 'more' : 'no-preference' },
      { name: 'prefers-reduced-motion', value: current.reducedMotion ? 'reduce' : 'no-preference' },
      {
        name: 'prefers-reduced-transparency',
        value: current.reducedTransparency ? 'reduce' : 'no-preference',
      },
      { name: 'forced-colors', value: current.forcedColors ? 'active' : 'none' },
    ],
  });
}
