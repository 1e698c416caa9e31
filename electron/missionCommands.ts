import { join } from 'node:path';
import { clipboard } from 'electron';
import { findLostWork } from '../main/missions/lostWork.ts';
import { WORK_FOLDER } from '../main/missions/mission.ts';
import { removeOauthToken, setOauthToken } from '../main/missions/oauthToken.ts';
import type { missionCommands } from '../main/service/contract/missions.ts';
import {
  livePid,
  openMission,
  restartMission,
  runInBackground,
  stopMission,
} from '../main/service/controlMission.ts';
import type { Makings } from '../main/service/makings.ts';
import { type MissionHost, missionOf } from '../main/service/missionHost.ts';
import type { RunOutput } from '../main/service/runOutput.ts';
import type { SignIns } from '../main/service/signIns.ts';
import type { AgencPaths } from '../main/system/paths.ts';
import { UserError } from '../main/system/userError.ts';
import { findOrphan } from '../main/wrapper/orphan.ts';
import type { AppEngine } from './appEngine.ts';
import type { AppHandlers } from './ipc.ts';

export interface MissionCommandDeps {
  readonly paths: AgencPaths;
  /** How missions are run, with the settings and the PATH of now. */
  readonly host: () => Promise<MissionHost>;
  readonly engine: AppEngine;
  readonly makings: Makings;
  readonly signIns: SignIns;
  readonly output: RunOutput;
  /** Asks for a folder; `null` if the user cancelled. */
  readonly chooseFolder: (title: string) => Promise<string | null>;
  /** Something of the state changed that the engine does not tell of. */
  readonly changed: () => void;
}

/** What is said while a mission is stopped is in its log, too. */
const noTerminal = (): void => undefined;

export type MissionHandlers = Pick<AppHandlers, keyof typeof missionCommands>;

/** What the page's commands about making, running and removing missions do. */
export function createMissionHandlers(deps: MissionCommandDeps): MissionHandlers {
  const { paths, host, engine, makings, signIns, output } = deps;
  const nothing = {};

  return {
    async chooseRepository() {
      return { repo: await deps.chooseFolder('Choose a repository') };
    },

    async newMission(wanted) {
      return { makingId: makings.start(wanted) };
    },

    async cancelMaking({ makingId }) {
      makings.cancel(makingId);
      return nothing;
    },

    async launch({ missionId, resume }) {
      const { terminal, note } = await openMission(await host(), missionId, {
        resume,
        inTerminal: false,
      });
      return { opened: `Opened in ${terminal}.${note === undefined ? '' : ` ${note}`}` };
    },

    async runHeadless({ missionId, prompt, resume }) {
      await runInBackground(await host(), missionId, { prompt, resume });
      return nothing;
    },

    async stopMission({ missionId }) {
      await stopMission(await host(), missionId, noTerminal);
      return nothing;
    },

    async restartMission({ missionId, mode }) {
      await restartMission(await host(), missionId, mode);
      return nothing;
    },

    async signIn({ name, missionId }) {
      refuseUnknownServer(engine, name);
      const result = await signIns.start({ server: name, missionId });
      if (result.status === 'failed') throw new UserError(result.message);
      if (result.status === 'cancelled')
        return { outcome: 'cancelled', reconnect: [], warning: null };
      return {
        outcome: 'signed-in',
        reconnect: [...result.reconnect],
        warning: result.warning,
      };
    },

    async cancelSignIn() {
      signIns.cancel();
      return nothing;
    },

    async lostWork({ missionId }) {
      const { folder } = missionOf({ paths }, missionId);
      const lost = await findLostWork(join(folder, WORK_FOLDER));
      return {
        lines: lost.kind === 'work' ? [...lost.lines] : [],
        unknown: lost.kind === 'unknown' ? lost.reason : null,
      };
    },

    async removeMission({ missionId }) {
      const mission = missionOf({ paths }, missionId);
      if (livePid(mission) !== null || findOrphan(mission.folder) !== null)
        await stopMission(await host(), missionId, noTerminal);
      await engine.call('remove', { id: missionId, deleteWork: true });
      return nothing;
    },

    async readOutput({ missionId }) {
      return output.read(missionId, missionOf({ paths }, missionId).folder);
    },

    async closeOutput() {
      output.close();
      return nothing;
    },

    async pasteToken() {
      const text = await clipboard.readText();
      await setOauthToken(paths.oauthToken, text);
      clipboard.clear();
      deps.changed();
      return nothing;
    },

    async removeToken() {
      removeOauthToken(paths.oauthToken);
      deps.changed();
      return nothing;
    },

    findLeftovers: () => engine.call('findLeftovers', {}),
    removeLeftovers: (params) => engine.call('removeLeftovers', params),
  };
}

/** The page names what it was shown. */
function refuseUnknownServer(engine: AppEngine, name: string): void {
  const snapshot = engine.snapshot();
  const places = snapshot === null ? [] : [snapshot.global, ...snapshot.missions];
  if (places.some(({ servers }) => servers.some((server) => server.name === name))) return;
  throw new UserError(`There is no server "${name}".`);
}
