import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/**
 * Tests never touch the user's own `~/.claude`, `~/.agenc` or keychain. Each test file gets a HOME of
 * its own before it runs, and no way to a keyring but one it starts itself. Files may share a process: what one
 * of them loaded with its HOME leads the next one to a folder that is gone, and never to the user's.
 */
const home = mkdtempSync(join(tmpdir(), 'agenc-bar-home-'));
process.env.HOME = home;
process.env.USERPROFILE = home;
for (const name of [
  'AGENC_DIRPATH',
  'AGENC_BAR_STORE',
  'CLAUDE_CONFIG_DIR',
  'CLAUDE_SECURESTORAGE_CONFIG_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
]) {
  delete process.env[name];
}
// Commands that tests start inherit this: the journal's key is a file, whatever keychain there is.
process.env.AGENC_BAR_JOURNAL_KEY = 'file';
afterAll(() => rmSync(home, { recursive: true, force: true }));
if (homedir() !== home)
  throw new Error('The guard failed: tests would run in the real home folder.');
