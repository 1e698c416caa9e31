import { SETTINGS_VARIABLE, type StandInSettings } from './standInSettings.ts';

/** What the test decided, in the process that plays Electron. */
export const settings: StandInSettings = read();

function read(): StandInSettings {
  const text = process.env[SETTINGS_VARIABLE];
  if (text === undefined) throw new Error(`${SETTINGS_VARIABLE} is missing: use launchApp`);
  // The app's own child processes are no part of the stand-in.
  delete process.env[SETTINGS_VARIABLE];
  return JSON.parse(text) as StandInSettings;
}
