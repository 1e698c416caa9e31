import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeychain } from '../../main/stores/keytar/keychain.ts';
import { createKeytarStore } from '../../main/stores/keytar/keytarStore.ts';
import { probeSecretService } from '../../main/stores/keytar/secretService.ts';
import { sessionBusSockets } from '../../main/stores/keytar/sessionBus.ts';
import { serviceName } from '../../main/stores/serviceName.ts';
import type { EntryRef } from '../../main/stores/store.ts';
import { fakeEntry, MARK } from '../support/fake.ts';
import {
  type SecretServiceSession,
  startSecretService,
  whyNoSecretService,
} from '../support/secretService.ts';
import { describeStoreConformance } from './conformance.ts';

const run = promisify(execFile);
const account = 'test-user';
const whyNot = whyNoSecretService();
if (whyNot !== null) console.warn(`The keytar store is not tested on a real keyring: ${whyNot}`);
const skipped = whyNot === null ? '' : ` (skipped: ${whyNot})`;

let serial = 0;
/** A name that no other test uses: all tests of this file share one keyring. */
function newRef(scope: EntryRef['scope']): EntryRef {
  serial += 1;
  return { scope, configDir: `/missions/${process.pid}-${serial}/claude-config` };
}

describe.skipIf(whyNot !== null)(`keytar store on a real gnome-keyring${skipped}`, () => {
  let session: SecretServiceSession;
  let keytar: typeof import('keytar');
  const store = createKeytarStore({ account });

  beforeAll(async () => {
    session = await startSecretService();
    // libsecret reads these when keytar is first called in this process, which is this test file's own.
    Object.assign(process.env, session.env);
    ({ default: keytar } = await import('keytar'));
  });
  afterAll(async () => {
    await session?.dispose();
  });

  describeStoreConformance('keytar store', async () => ({
    store,
    global: newRef('global'),
    mission: newRef('mission'),
    other: newRef('mission'),
    writeFromOutside: (ref, text) => keytar.setPassword(serviceName(ref), account, text),
    dispose: async () => undefined,
  }));

  describe('a locked keyring', () => {
    const [kept, never] = [newRef('mission'), newRef('mission')];
    const text = fakeEntry(['kept']);
    beforeAll(async () => {
      expect(await store.write(kept, text, null)).toEqual({ status: 'written' });
      await session.lock();
    });
    afterAll(() => session.unlock());

    it('is what keytar itself cannot tell from an absent item', async () => {
      expect(await keytar.getPassword(serviceName(kept), account)).toBeNull();
    });

    it('is unavailable and not absent, whether the entry exists or not', async () => {
      for (const ref of [kept, never]) {
        expect(await store.read(ref)).toMatchObject({ status: 'unavailable', reason: 'locked' });
      }
    });

    it('takes no write and no removal', async () => {
      expect(await store.write(never, fakeEntry(), null)).toMatchObject({ reason: 'locked' });
      expect(await store.write(kept, fakeEntry(), text)).toMatchObject({ reason: 'locked' });
      expect(await store.remove(kept, text)).toMatchObject({ reason: 'locked' });
    });

    it('gives everything back once it is unlocked', async () => {
      await session.unlock();
      expect(await store.read(kept)).toMatchObject({ status: 'found', text });
      expect(await store.read(never)).toEqual({ status: 'absent' });
    });
  });

  it('does not believe "not found" if the keyring was locked in between', async () => {
    let looks = 0;
    const keychain = createKeychain({
      probe: async (signal) => {
        looks += 1;
        if (looks === 2) await session.lock();
        return looks === 1 ? null : probeSecretService(process.env, signal);
      },
    });
    expect(await keychain.get('no such item', account)).toMatchObject({ reason: 'locked' });
    await session.unlock();
  });

  describe('a hung daemon', () => {
    const timeoutMs = 300;
    beforeEach(() => session.hang());
    afterEach(() => session.wakeUp());

    it('is a timeout, after our own limit', async () => {
      const impatient = createKeytarStore({ account, timeoutMs });
      const results = await Promise.all([
        impatient.read(newRef('mission')),
        impatient.write(newRef('mission'), fakeEntry(), null),
        impatient.remove(newRef('mission'), null),
      ]);
      for (const result of results) expect(result).toMatchObject({ reason: 'timeout' });
    });

    it('is a timeout too if it hangs only once keytar is at work', async () => {
      const keychain = createKeychain({ timeoutMs, probe: async () => null });
      expect(await keychain.get('any', account)).toMatchObject({ reason: 'timeout' });
    });
  });

  it.each([
    ['an empty text', ''],
    ['a NUL, at which keytar would cut it', `{"a":"${MARK}\0"}`],
    ['half a surrogate pair, which UTF-8 cannot carry', `{"a":"${MARK}\ud83d"}`],
  ])('refuses %s, and keeps what was there', async (_, unfit) => {
    const ref = newRef('mission');
    const text = fakeEntry(['before']);
    await store.write(ref, text, null);
    const result = await store.write(ref, unfit, text);
    expect(result).toMatchObject({ status: 'unavailable', reason: 'failed' });
    expect(JSON.stringify(result)).not.toContain(MARK);
    expect(await store.read(ref)).toMatchObject({ text });
  });

  it('has neither a stamp nor a path to watch, and names its item', async () => {
    const ref = newRef('mission');
    expect(await store.stamp(ref)).toBeNull();
    expect(store.watchPath(ref)).toBeNull();
    expect(store.describe(ref)).toContain(serviceName(ref));
  });

  it('says missing on a bus without a Secret Service', async () => {
    const own = await startSecretService();
    await own.quit();
    const trouble = await probeSecretService(own.env, AbortSignal.timeout(5_000));
    await own.dispose();
    expect(trouble).toMatchObject({ status: 'unavailable', reason: 'missing' });
  });

  it('says missing, and what to do, of a keyring that was restarted under a process that used it', async () => {
    // keytar cannot get over it, so this takes a process of its own.
    const own = await startSecretService();
    const script = `
      import { createKeychain } from ${moduleUrl('keychain')};
      const keychain = createKeychain({ probe: async () => null });
      const before = await keychain.get('any', 'any');
      process.kill(Number(process.argv[1]), 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 300));
      console.log(JSON.stringify([before, await keychain.get('any', 'any')]));`;
    const [before, after] = await runScript(script, own.env, [String(own.pid)]);
    await own.dispose();
    expect(before).toEqual({ status: 'absent' });
    expect(after).toMatchObject({ reason: 'missing', detail: expect.stringContaining('restart') });
  });
});

describe('keytar store without a keyring', () => {
  it('says missing where there is no bus, without loading keytar', async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: tmpdir() };
    const script = `
      import { createKeytarStore } from ${moduleUrl('keytarStore')};
      import { createKeychain } from ${moduleUrl('keychain')};
      let loads = 0;
      const load = () => Promise.reject(new Error(String(++loads)));
      const read = await createKeytarStore({ load }).read({ scope: 'mission', configDir: '/none' });
      const past = await createKeychain({ probe: async () => null }).get('any', 'any');
      console.log(JSON.stringify([read, loads, past]));`;
    const [read, loads, past] = await runScript(script, env);
    expect(read).toMatchObject({ status: 'unavailable', reason: 'missing' });
    expect(loads).toBe(0);
    // What libsecret itself says of it is understood as well, or that there is no libsecret.
    expect(past).toMatchObject({ status: 'unavailable', reason: 'missing' });
  });

  it('says missing where keytar does not load', async () => {
    const store = createKeytarStore({
      account,
      probe: async () => null,
      load: () => Promise.reject(new Error('libsecret-1.so.0: cannot open shared object file')),
    });
    expect(await store.read(newRef('mission'))).toMatchObject({
      reason: 'missing',
      detail: expect.stringContaining('libsecret'),
    });
  });

  it.each([
    ['User interaction is not allowed.', 'locked'],
    ['Cannot create an item in a locked collection', 'locked'],
    ['User canceled the operation.', 'denied'],
    ['Something else', 'failed'],
  ])('understands the message "%s" as %s', async (message, reason) => {
    const fail = () => Promise.reject(new Error(message));
    const load = async () => ({ getPassword: fail, setPassword: fail, deletePassword: fail });
    const store = createKeytarStore({ account, probe: async () => null, load });
    expect(await store.read(newRef('mission'))).toMatchObject({ status: 'unavailable', reason });
  });

  it('says failed, and not written, if an item does not read back as it was written', async () => {
    const load = async () => ({
      getPassword: async () => null,
      setPassword: async () => undefined,
      deletePassword: async () => true,
    });
    const store = createKeytarStore({ account, probe: async () => null, load });
    const result = await store.write(newRef('mission'), fakeEntry(), null);
    expect(result).toMatchObject({ status: 'unavailable', reason: 'failed' });
    expect(JSON.stringify(result)).not.toContain(MARK);
  });
});

describe('the session bus', () => {
  it('is looked for where libsecret looks for it', () => {
    const find = (DBUS_SESSION_BUS_ADDRESS: string) =>
      sessionBusSockets({ DBUS_SESSION_BUS_ADDRESS });
    expect(find('unix:path=/run/user/1000/bus,guid=0123')).toEqual(['/run/user/1000/bus']);
    expect(find('unix:abstract=/tmp/dbus-x%2cy')).toEqual(['\0/tmp/dbus-x,y']);
    expect(find('tcp:host=localhost,port=1;unix:path=/a;unix:path=/b')).toEqual(['/a', '/b']);
    expect(find('autolaunch:')).toEqual([]);
    expect(sessionBusSockets({})).toEqual([]);
    expect(sessionBusSockets({ XDG_RUNTIME_DIR: '/nowhere' })).toEqual([]);
  });

  it.each([
    ['accepts and says nothing', () => undefined, 'timeout'],
    ['refuses us', (socket: Socket) => socket.write('REJECTED EXTERNAL\r\n'), 'failed'],
    ['hangs up', (socket: Socket) => socket.destroy(), 'failed'],
    ['talks nonsense', (socket: Socket) => socket.write(`OK 1\r\n${'\xff'.repeat(64)}`), 'failed'],
  ])('that %s is unavailable', async (_, answer: (socket: Socket) => unknown, reason) => {
    const path = join(tmpdir(), `agenc-bar-bus-${process.pid}-${reason}`);
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const env = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` };
    expect(await probeSecretService(env, AbortSignal.timeout(200))).toMatchObject({ reason });
    server.close();
    rmSync(path, { force: true });
  });
});

function moduleUrl(name: string): string {
  return JSON.stringify(new URL(`../../main/stores/keytar/${name}.ts`, import.meta.url).href);
}

/** Runs a module in a process of its own; its output is one line of JSON. */
async function runScript(
  script: string,
  env: NodeJS.ProcessEnv,
  args: string[] = [],
): Promise<unknown[]> {
  const node = ['--input-type=module', '-e', script, ...args];
  const { stdout } = await run(process.execPath, node, { env, timeout: 20_000 });
  return JSON.parse(stdout) as unknown[];
}
