/**
 * Plays the program `electron`: `node start.ts [switches] <app> [arguments]`. Only what has to be so
 * before any other module is loaded is done here.
 */
import './register.mjs';
import { pathToFileURL } from 'node:url';
import { settings } from './settings.ts';

const given = process.argv.slice(2);
// A packaged program is not told which app it is.
process.argv = [
  process.execPath,
  ...given.filter((arg) => !settings.packaged || arg !== settings.app),
];
Object.defineProperty(process, 'platform', { value: settings.platform });

const { identity, rawApp } = await import('./app.ts');
await import('./index.ts');
await import(pathToFileURL(identity.entry).href);
// As Electron: the app gets ready when main's code has been read.
setImmediate(() => rawApp._start());
