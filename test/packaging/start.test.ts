import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processStart } from '../../main/system/processStart.ts';
import { until } from '../support/until.ts';
import { type Started, type StartLayout, startLayout } from './support/startLayout.ts';

const display = { DISPLAY: ':77' };
/** Where npm was interrupted too, the signal comes once more. */
const NPM_PASSES_ON_MS = 100;
/** What comes within this time is taken for the same (electron/start.ts). */
const SAME_SIGNAL_MS = 1_000;
const instead = ', so it runs in this terminal instead.\n';

// The script looks at the platform it runs on; what is said of displays and root holds for Linux.
describe.runIf(process.platform === 'linux')('npm start', () => {
  let layout: StartLayout;
  beforeEach(() => {
    layout = startLayout();
  });
  afterEach(() => layout[Symbol.dispose]());

  describe('where Electron can run', () => {
    it('starts the app, passes words on, and its exit code back', async () => {
      layout.installElectron('echo "app $*"; echo "a warning" >&2; exit 0');
      const { ended } = layout.start({ env: display, words: ['--', '--hidden', 'a b'] });
      expect(await ended).toEqual({
        code: 0,
        out: `app ${layout.root} --hidden a b\n`,
        err: 'a warning\n',
      });
    });

    it.each([['DISPLAY'], ['WAYLAND_DISPLAY']])('takes %s for a display', async (name) => {
      layout.installElectron('echo app');
      expect((await layout.start({ env: { [name]: 'x' } }).ended).out).toBe('app\n');
    });

    it('never starts it as bare Node, nor without its sandbox', async () => {
      layout.installElectron('echo "node=$ELECTRON_RUN_AS_NODE words=$*"');
      const { ended } = layout.start({ env: { ...display, ELECTRON_RUN_AS_NODE: '1' } });
      expect((await ended).out).toBe(`node= words=${layout.root}\n`);
    });

    it('takes an app that fails after its start at its word', async () => {
      layout.installElectron('echo early >&2; sleep 3.5; echo late >&2; exit 5');
      expect(await layout.start({ env: display }).ended).toEqual({
        code: 5,
        out: '',
        err: 'early\nlate\n',
      });
    });

    it('interrupts it once, however many signals arrive, and waits for its end', async () => {
      layout.installElectron(
        `trap "echo interrupted" INT; echo up; until [ -e "${layout.root}/end" ]; do sleep 0.05; done; exit 4`,
      );
      const app = layout.start({ env: display });
      await app.says('up');
      const isTwice = await interruptTwice(app);
      layout.letEnd();
      const interrupted = isTwice ? /^up\n(interrupted\n){1,2}$/ : /^up\ninterrupted\n$/;
      expect(await app.ended).toEqual({
        code: 4,
        out: expect.stringMatching(interrupted),
        err: '',
      });
    });

    it('honours ELECTRON_OVERRIDE_DIST_PATH', async () => {
      layout.installElectron('echo from the override');
      const dist = join(layout.root, 'node_modules/electron/dist');
      const env = { ...display, ELECTRON_OVERRIDE_DIST_PATH: dist };
      expect((await layout.start({ env }).ended).out).toBe('from the override\n');
    });
  });

  describe('where it cannot, runs the engine in the terminal', () => {
    it('without a display', async () => {
      layout.installElectron('echo app');
      expect(await layout.start({ words: ['--json'] }).ended).toEqual({
        code: 0,
        out: 'command sync --json\n',
        err: `AgenC Bar: there is no display${instead}`,
      });
    });

    it.runIf(process.getuid?.() === 0)('as root', async () => {
      layout.installElectron('echo app');
      const { ended } = layout.start({ env: display, asRoot: true });
      expect((await ended).err).toBe(
        `AgenC Bar: Electron's sandbox does not work for root; as another user it would${instead}`,
      );
    });

    it('and passes an interrupt on, once, and the exit code back', async () => {
      const engine = layout.start({ words: ['wait'] });
      await engine.says('waiting');
      const isTwice = await interruptTwice(engine);
      layout.letEnd();
      const { code, out } = await engine.ended;
      const said = isTwice ? /waiting\ninterrupts [12]\n$/ : /waiting\ninterrupts 1\n$/;
      expect({ code, out }).toEqual({ code: 7, out: expect.stringMatching(said) });
    });

    it.each([
      {
        how: 'a library is missing',
        script:
          'echo "electron: error while loading shared libraries: libnss3.so: cannot open" >&2; exit 127',
        reason: 'electron: error while loading shared libraries: libnss3.so: cannot open',
      },
      {
        how: 'the display does not answer',
        script:
          'echo "[4711:1124/113015.1:ERROR:ui/ozone/x11.cc(240)] Missing X server or \\$DISPLAY" >&2; exit 1',
        reason: 'Missing X server or $DISPLAY',
      },
      { how: 'it crashes', script: 'kill -SEGV $$', reason: 'exit code 139' },
      { how: 'it says nothing', script: 'exit 3', reason: 'exit code 3' },
    ])('when $how', async ({ script, reason }) => {
      layout.installElectron(script);
      expect(await layout.start({ env: display }).ended).toEqual({
        code: 0,
        out: 'command sync\n',
        err: `AgenC Bar: Electron does not start here (${reason})${instead}`,
      });
    });

    it('when the override holds no Electron, and downloads none', async () => {
      layout.offerDownload("console.log('download')");
      const env = { ...display, ELECTRON_OVERRIDE_DIST_PATH: join(layout.root, 'nothing') };
      expect(await layout.start({ env }).ended).toEqual({
        code: 0,
        out: 'command sync\n',
        err: `AgenC Bar: ELECTRON_OVERRIDE_DIST_PATH holds no Electron${instead}`,
      });
    });
  });

  describe('where Electron is still to be downloaded', () => {
    it('downloads it, then starts the app', async () => {
      layout.offerDownload(`
        const fs = require('node:fs');
        fs.writeFileSync(__dirname + '/dist/electron', '#!/bin/sh\\necho app\\n', { mode: 0o755 });
        fs.writeFileSync(__dirname + '/path.txt', 'electron');
      `);
      expect(await layout.start({ env: display }).ended).toEqual({
        code: 0,
        out: 'Downloading Electron (once)…\napp\n',
        err: '',
      });
    });

    it('says in a line why that failed', async () => {
      layout.offerDownload(`
        console.error(new TypeError('fetch failed').stack);
        process.exit(1);
      `);
      expect(await layout.start({ env: display }).ended).toEqual({
        code: 0,
        out: 'Downloading Electron (once)…\ncommand sync\n',
        err: `AgenC Bar: Electron could not be downloaded (fetch failed)${instead}`,
      });
    });

    it('ends with the download when interrupted, and leaves it behind', async () => {
      const pidFile = join(layout.root, 'pid');
      const mark = join(layout.root, 'went-on');
      layout.offerDownload(`
        const fs = require('node:fs');
        fs.writeFileSync('${pidFile}.new', String(process.pid));
        fs.renameSync('${pidFile}.new', '${pidFile}');
        setTimeout(() => fs.writeFileSync('${mark}', ''), 1500);
      `);
      const app = layout.start({ env: display });
      await app.says('Downloading');
      await until('the download runs', () => existsSync(pidFile));
      app.interrupt();
      expect(await app.ended).toEqual({
        code: 130,
        out: 'Downloading Electron (once)…\n',
        err: '',
      });
      const pid = Number(readFileSync(pidFile, 'utf8'));
      await until('the download has ended', () => processStart(pid) === null);
      expect(existsSync(mark)).toBe(false);
    });
  });
});

/**
 * As npm does it: once by the terminal, and once more, passed on, a moment later.
 * @returns whether the machine was so busy that the second came as late as one that somebody means
 */
async function interruptTwice(started: Started): Promise<boolean> {
  const from = performance.now();
  started.interrupt();
  await sleep(NPM_PASSES_ON_MS);
  started.interrupt();
  return performance.now() - from > SAME_SIGNAL_MS / 2;
}
