import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess } from './childProcess.ts';
import { until } from './until.ts';

const run = promisify(execFile);

const PASSWORD = 'only-for-tests';
const PROGRAMS = {
  'dbus-daemon': 'dbus',
  'gnome-keyring-daemon': 'gnome-keyring',
  gdbus: 'libglib2.0-bin',
};
const SECRETS = '/org/freedesktop/secrets';
const LOGIN = `${SECRETS}/collection/login`;
const START_MS = 10_000;

/** A D-Bus session with nothing on it but a real gnome-keyring, whose files are its own. */
export interface SecretServiceSession {
  /** The environment of a process that shall use it. */
  readonly env: Readonly<Record<string, string>>;
  /** The daemon's process. */
  readonly pid: number;
  lock(): Promise<void>;
  unlock(): Promise<void>;
  /** Stops the daemon as it is (SIGSTOP): it stays on the bus and answers nothing. */
  hang(): void;
  wakeUp(): void;
  /** Ends the daemon; the bus stays. */
  quit(): Promise<void>;
  /** Kills everything and leaves nothing behind. */
  dispose(): Promise<void>;
}

/** Why no such session can be had on this machine; `null` if it can. */
export function whyNoSecretService(): string | null {
  // On macOS keytar would use the user's own keychain, whatever the environment says.
  if (process.platform !== 'linux')
    return `the Secret Service is Linux's, this is ${process.platform}`;
  const missing = Object.entries(PROGRAMS).filter(([program]) => {
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
      return false;
    } catch {
      // Not on PATH.
      return true;
    }
  });
  if (missing.length > 0) return `needs the packages ${missing.map(([, name]) => name).join(', ')}`;
  try {
    createRequire(import.meta.url)('keytar');
  } catch {
    // Its native part is linked against libsecret.
    return 'needs the package libsecret-1-0';
  }
  return null;
}

/** Starts a session; its keyring is empty and unlocked. */
export async function startSecretService(): Promise<SecretServiceSession> {
  const root = mkdtempSync(join(tmpdir(), 'agenc-bar-keyring-'));
  const runtime = join(root, 'run');
  const socket = join(runtime, 'bus');
  mkdirSync(runtime, { mode: 0o700 });
  mkdirSync(join(root, 'data', 'keyrings'), { recursive: true });
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: root,
    XDG_DATA_HOME: join(root, 'data'),
    XDG_CONFIG_HOME: join(root, 'config'),
    XDG_CACHE_HOME: join(root, 'cache'),
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}`,
  };
  const config = join(root, 'bus.conf');
  writeFileSync(config, busConfig(socket));
  const children: ChildProcess[] = [];
  const start = (program: string, args: string[], input: string | null): ChildProcess => {
    const stdin = input === null ? 'ignore' : 'pipe';
    const child = spawn(program, args, { env, stdio: [stdin, 'ignore', 'ignore'] });
    child.stdin?.end(input);
    children.push(child);
    return child;
  };
  const secrets = (method: string, ...args: string[]) =>
    run(
      'gdbus',
      ['call', '--session', '--dest', 'org.freedesktop.secrets', '--method', method, ...args],
      { env },
    );
  const isLocked = async (): Promise<boolean> => {
    const property = ['org.freedesktop.Secret.Collection', 'Locked'];
    const get = 'org.freedesktop.DBus.Properties.Get';
    return (await secrets(get, '--object-path', LOGIN, ...property)).stdout.includes('true');
  };
  const dispose = async (): Promise<void> => {
    for (const child of children.reverse()) await endProcess(child);
    rmSync(root, { recursive: true, force: true });
  };

  try {
    start('dbus-daemon', [`--config-file=${config}`, '--nofork', '--nopidfile'], null);
    await untilConnects(socket);
    const daemon = start(
      'gnome-keyring-daemon',
      ['--foreground', '--unlock', '--components=secrets'],
      PASSWORD,
    );
    await run(
      'gdbus',
      ['wait', '--session', '--timeout', String(START_MS / 1000), 'org.freedesktop.secrets'],
      { env },
    );
    if (daemon.pid === undefined || (await isLocked()))
      throw new Error('gnome-keyring did not start unlocked');

    return {
      env,
      pid: daemon.pid,
      async lock() {
        const lock = 'org.freedesktop.Secret.Service.Lock';
        await secrets(lock, '--object-path', SECRETS, `['${LOGIN}']`);
        if (!(await isLocked())) throw new Error('gnome-keyring did not lock');
      },
      async unlock() {
        await unlockAsLoginDoes(join(runtime, 'keyring', 'control'));
        if (await isLocked()) throw new Error('gnome-keyring did not unlock');
      },
      hang: () => void daemon.kill('SIGSTOP'),
      wakeUp: () => void daemon.kill('SIGCONT'),
      quit: () => endProcess(daemon),
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** A bus that starts no services: what runs on it is what the test started. */
function busConfig(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}

function untilConnects(socket: string): Promise<void> {
  const connects = () =>
    new Promise<boolean>((resolve) => {
      const connection = createConnection(socket, () => {
        connection.destroy();
        resolve(true);
      }).on('error', () => resolve(false));
    });
  return until('dbus-daemon has started', connects, START_MS);
}

/**
 * Unlocks the login keyring without a prompt, over the daemon's control socket, as its PAM module does
 * (gnome-keyring's pam/gkr-pam-client.c): a byte that carries our credentials, then a packet of
 * big-endian words: its length, the operation, and the password with its length. The answer has two words.
 */
function unlockAsLoginDoes(control: string): Promise<void> {
  const UNLOCK = 1;
  const password = Buffer.from(PASSWORD);
  const packet = Buffer.alloc(12);
  packet.writeUInt32BE(packet.length + password.length, 0);
  packet.writeUInt32BE(UNLOCK, 4);
  packet.writeUInt32BE(password.length, 8);
  return new Promise((resolve, reject) => {
    const connection = createConnection(control, () => {
      connection.write(Buffer.from([0]));
      connection.write(Buffer.concat([packet, password]));
    });
    connection.on('error', reject);
    connection.on('data', (answer) => {
      connection.destroy();
      const result = answer.readUInt32BE(4);
      if (result === 0) resolve();
      else reject(new Error(`gnome-keyring refused to unlock: ${result}`));
    });
  });
}
