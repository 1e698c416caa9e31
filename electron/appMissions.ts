import { join } from 'node:path';
import { hasOauthToken } from '../main/missions/oauthToken.ts';
import type { AppState } from '../main/service/contract/app.ts';
import { createMakings } from '../main/service/makings.ts';
import { type MissionHost, ownCommand, ownEnvironment } from '../main/service/missionHost.ts';
import { createRunOutput, type RunOutputMessage } from '../main/service/runOutput.ts';
import { createSignIns } from '../main/service/signIns.ts';
import { systemClock } from '../main/system/clock.ts';
import type { AgencPaths } from '../main/system/paths.ts';
import type { AppEngine } from './appEngine.ts';
import type { AppMemory } from './appMemory.ts';
import { openSignInPage } from './links.ts';
import { createMissionHandlers, type MissionHandlers } from './missionCommands.ts';
import { userPath } from './userPath.ts';

export interface AppMissionsDeps {
  readonly paths: AgencPaths;
  readonly env: NodeJS.ProcessEnv;
  readonly engine: AppEngine;
  readonly memory: AppMemory;
  readonly chooseFolder: (title: string) => Promise<string | null>;
  readonly onOutput: (message: RunOutputMessage) => void;
  readonly changed: () => void;
}

/** Making and running missions, as the app does it. */
export interface AppMissions {
  readonly handlers: MissionHandlers;
  state(): Pick<AppState, 'making' | 'recentRepos' | 'signingIn' | 'hasOauthToken'>;
  /** Cancels what is being made, and a sign-in. Missions that run go on. */
  dispose(): Promise<void>;
}

const MAX_RECENT = 8;
const CLI = join(import.meta.dirname, '..', 'cli.js');

export function createAppMissions(deps: AppMissionsDeps): AppMissions {
  const { paths, env, engine, memory, changed } = deps;
  const command = ownCommand(CLI, process.versions.electron !== undefined);
  // Asked for once: it takes a shell's start.
  let path: Promise<string> | null = null;

  async function host(): Promise<MissionHost> {
    path ??= userPath(env.PATH ?? '');
    return { paths, command, env: { ...ownEnvironment(env), PATH: await path } };
  }

  function recentRepos(): string[] {
    const ofMissions = (engine.snapshot()?.missions ?? []).flatMap(({ repo }) => repo ?? []);
    return [...new Set([...memory.get().recentRepos, ...ofMissions])].slice(0, MAX_RECENT);
  }

  const makings = createMakings(host, {
    onChange: changed,
    onMade({ repo }) {
      if (repo !== null) memory.set({ recentRepos: [...new Set([repo, ...recentRepos()])] });
    },
  });
  const signIns = createSignIns(host, { openUrl: openSignInPage, onChange: changed });
  const output = createRunOutput(systemClock, deps.onOutput);

  return {
    handlers: createMissionHandlers({ ...deps, host, makings, signIns, output }),
    state: () => ({
      making: makings.list(),
      recentRepos: recentRepos(),
      signingIn: signIns.current(),
      hasOauthToken: hasOauthToken(paths.oauthToken),
    }),
    async dispose() {
      output.close();
      await Promise.all([makings.dispose(), signIns.dispose()]);
    },
  };
}
