import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AfterPackContext } from 'electron-builder';
import { build, type PlistValue, parse } from 'plist';

/** Terminals are opened by AppleScript; macOS shows this text when it asks the user for the first time. */
const USED = 'NSAppleEventsUsageDescription';

/**
 * Takes out of the packed app's Info.plist what it inherits and does not use: Electron asks for camera,
 * microphone and Bluetooth, and electron-builder allows insecure connections for an updater.
 */
export default async function trimInfoPlist(context: AfterPackContext): Promise<void> {
  if (context.electronPlatformName !== 'darwin') return;
  const app = `${context.packager.appInfo.productFilename}.app`;
  const path = join(context.appOutDir, app, 'Contents', 'Info.plist');
  const info = parse(await readFile(path, 'utf8'));
  if (!isDictionary(info)) throw new Error(`${path} holds no dictionary.`);
  await writeFile(path, build(Object.fromEntries(Object.entries(info).filter(isUsed))));
}

function isUsed([key]: [string, unknown]): boolean {
  if (key === USED) return true;
  return !key.endsWith('UsageDescription') && key !== 'NSAppTransportSecurity';
}

function isDictionary(value: PlistValue): value is { [key: string]: PlistValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
