import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readPid } from '../../main/missions/pid.ts';
import { readRunFile } from '../../main/missions/runFile.ts';
import { NEEDS_AUTH_CACHE } from '../../main/sync/needsAuthCache.ts';
import { callWrapper } from '../../main/wrapper/client.ts';
import type { WrapperStatus } from '../../main/wrapper/contract.ts';
import { type MessagesApi, type ModelStep, startMessagesApi } from '../doubles/messagesApi.ts';
import { type CommandRun, makeWorld, type World } from '../support/engineHarness.ts';
import { MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { CLOSED_PORT } from './client.ts';
import { createScene, LOOP, type Scene, serverIn } from './scene.ts';

const exec = promisify(execFile);

/** The server's one tool, as a session calls it. */
export const ECHO = `mcp__${LOOP}__echo`;
/** A real client takes seconds to start where the machine is busy. */
const CLIENT_PATIENCE_MS = 60_000;
/** Each look at the screen is a process. */
const SCREEN_LOOK_MS = 100;

/** A mission of the scene's user. */
export interface TestMission {
  readonly id: string;
  readonly folder: string;
  readonly configDir: string;
}

/**
 * A user with the real client, whose onboarding is done and who has one MCP server; their missions; and a
 * model that does what a test says. Nothing that is started here can reach more than loopback.
 */
export interface MissionScene {
  readonly world: World;
  readonly scene: Scene;
  make(name: string): Promise<TestMission>;
  /** A model for the missions that are started with `env`. */
  model(...steps: ModelStep[]): Promise<{ api: MessagesApi; env: Record<string, string> }>;
  /** Runs a mission headless; resolves when the command has ended. */
  runHeadless(mission: TestMission, env: Record<string, string>): Promise<CommandRun>;
  /** Signs in as a session of that config directory does. @returns the serial number of its token */
  signIn(configDir: string): Promise<number>;
  /** The serial number of the token in an entry; `undefined` where there is none. */
  serialIn(configDir: string): number | undefined;
  untilSerial(serial: number, ...configDirs: string[]): Promise<void>;
  /**
   * Until a mission's client, started without a sign-in, has noted that one is needed. A sign-in before that is
   * met by its first attempt to connect, which refreshes it at once.
   */
  untilItNeedsASignIn(mission: TestMission): Promise<void>;
  status(mission: TestMission): Promise<WrapperStatus>;
  untilStatus(mission: TestMission, wanted: Partial<WrapperStatus>): Promise<WrapperStatus>;
  /** The events of a mission's `wrapper.log`. */
  logged(mission: TestMission, event: string): Record<string, unknown>[];
  readonly tmux: TmuxScreen;
  dispose(): Promise<void>;
}

/** The one pane of a tmux server of the test's own. */
export interface TmuxScreen {
  /** `TMUX_TMPDIR`, so that `mission open` finds this server and no other. */
  readonly env: Record<string, string>;
  run(...args: string[]): Promise<string>;
  /** What the pane shows. */
  text(): Promise<string>;
  untilText(wanted: string | RegExp): Promise<void>;
  /** Types a prompt once the client waits for one, and sends it once it is there. */
  prompt(text: string): Promise<void>;
}

/** @param claudePath the client's binary, from `available()` */
export async function createMissionScene(claudePath: string): Promise<MissionScene> {
  const world = makeWorld();
  const scene = await createScene(claudePath);
  const apis: MessagesApi[] = [];
  const missions: TestMission[] = [];
  const home = world.env.HOME;
  const userEnv = {
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    HTTP_PROXY: CLOSED_PORT,
    HTTPS_PROXY: CLOSED_PORT,
    NO_PROXY: '127.0.0.1,localhost',
  };
  const tmux = tmuxScreen({ ...world.env, ...userEnv, TMUX_TMPDIR: world.root });

  writeJson(join(home, '.claude.json'), {
    hasCompletedOnboarding: true,
    mcpServers: { [LOOP]: { type: 'http', url: scene.server.url } },
  });
  writeJson(join(home, '.claude', 'settings.json'), {
    permissions: { allow: [ECHO] },
  });
  world.writeSettings({ claudePath, terminal: 'tmux' });
  mkdirSync(dirname(world.paths.oauthToken), { recursive: true });
  const token = `sk-ant-oat01-${MARK}of-claude-itself`;
  writeFileSync(world.paths.oauthToken, token, { mode: 0o600 });

  const serialIn = (configDir: string) =>
    scene.server.serialOf(serverIn(configDir)?.value.accessToken);
  const status = ({ id, folder }: TestMission) => callWrapper({ name: id, folder }, 'status', {});

  return {
    world,
    scene,
    tmux,
    serialIn,
    status,

    async make(name) {
      const made = await world.run(['mission', 'new', name, '--json']);
      if (made.code !== 0) throw new Error(`mission new: ${made.stderr}`);
      const mission = made.json as TestMission;
      missions.push(mission);
      return mission;
    },

    async model(...steps) {
      const api = await startMessagesApi(steps);
      apis.push(api);
      return { api, env: { ...userEnv, ANTHROPIC_BASE_URL: api.url } };
    },

    runHeadless: ({ id }, env) =>
      world.run(['mission', 'run', id, '--headless', '--prompt', 'Go.'], env),

    async signIn(configDir) {
      const result = await scene.claude.login(configDir, LOOP);
      const serial = serialIn(configDir);
      if (result.exitCode !== 0 || serial === undefined)
        throw new Error(`claude mcp login: ${result.output}`);
      return serial;
    },

    untilSerial: (serial, ...configDirs) =>
      until(
        () => `token ${serial}; there is ${configDirs.map(serialIn).join(', ')}`,
        () => configDirs.every((configDir) => serialIn(configDir) === serial),
      ),

    untilItNeedsASignIn: ({ configDir }) =>
      until(
        'the client notes that its server needs a sign-in',
        () => existsSync(join(configDir, NEEDS_AUTH_CACHE)),
        CLIENT_PATIENCE_MS,
      ),

    async untilStatus(mission, wanted) {
      let seen: WrapperStatus | null = null;
      await until(
        () => `a wrapper with ${JSON.stringify(wanted)}; it says ${JSON.stringify(seen)}`,
        async () => {
          const now = await status(mission);
          seen = now;
          return Object.entries(wanted).every(([key, value]) => Reflect.get(now, key) === value);
        },
        CLIENT_PATIENCE_MS,
      );
      return status(mission);
    },

    logged({ folder }, event) {
      const path = join(folder, 'wrapper.log');
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : [];
      return lines.map((line) => JSON.parse(line)).filter((line) => line.event === event);
    },

    async dispose() {
      // What still runs here, a failed test has left.
      for (const { folder } of missions) {
        kill(readPid(join(folder, 'pid')));
        kill(orphanIn(folder));
      }
      await tmux.run('kill-server').catch(() => undefined);
      for (const api of apis) await api.close();
      const logs = missions.map(({ folder }) => join(folder, 'wrapper.log')).filter(existsSync);
      const leaks = logs.filter((path) => readFileSync(path, 'utf8').includes(MARK));
      await world.cleanup();
      await scene.dispose();
      if (leaks.length > 0) throw new Error(`A secret lies open in ${leaks.join(', ')}`);
    },
  };
}

function tmuxScreen(env: Record<string, string>): TmuxScreen {
  const run = async (...args: string[]): Promise<string> => {
    const { stdout } = await exec('tmux', ['-f', '/dev/null', ...args], { env });
    return stdout.trimEnd();
  };
  const text = () => run('capture-pane', '-p');

  async function untilText(wanted: string | RegExp): Promise<void> {
    let seen = '';
    await until(
      () => `${wanted} on the screen, which shows:\n${seen}`,
      async () => {
        await sleep(SCREEN_LOOK_MS);
        seen = await text();
        return typeof wanted === 'string' ? seen.includes(wanted) : wanted.test(seen);
      },
      CLIENT_PATIENCE_MS,
    );
  }

  return {
    env: { TMUX_TMPDIR: env.TMUX_TMPDIR ?? '' },
    run,
    text,
    untilText,
    async prompt(words) {
      await untilText(/^❯\s*$/m);
      await run('send-keys', '-l', words);
      await untilText(new RegExp(`❯\\s${words}`));
      await run('send-keys', 'Enter');
    },
  };
}

/** The Claude that is noted for a mission; `null` if none is. */
export function orphanIn(folder: string): number | null {
  return readRunFile(folder)?.claude?.pid ?? null;
}

function kill(pid: number | null): void {
  try {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  } catch {
    // Gone, as it should be.
  }
}

/** Replaces a JSON file, and makes the folder that it lies in. */
export function writeJson(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
}
