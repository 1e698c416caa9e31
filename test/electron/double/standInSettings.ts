/** What the user set in the system. */
export interface Media {
  readonly dark?: boolean;
  readonly moreContrast?: boolean;
  readonly reducedMotion?: boolean;
  readonly reducedTransparency?: boolean;
  readonly forcedColors?: boolean;
}

/** What the test decides before the app starts. */
export interface StandInSettings {
  /** The app's folder, or the file of its main process. */
  readonly app: string;
  /** Where Chromium's program is. */
  readonly chromium: string;
  /** Its profile; the test removes it. */
  readonly chromiumFolder: string;
  /** Chromium shows its windows, for a person who wants to watch. */
  readonly headed: boolean;
  readonly packaged: boolean;
  /** What `process.platform` says to the app. */
  readonly platform: NodeJS.Platform;
  readonly media: Media;
}

/** They come in the environment. */
export const SETTINGS_VARIABLE = 'ELECTRON_STAND_IN';
