import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { clipboard, dialog, shell } from 'electron';
import { changeSettings } from '../main/service/changeSettings.ts';
import type { AppState, Discovery } from '../main/service/contract/app.ts';
import type { MissionMessage } from '../main/service/contract/engine.ts';
import type { missionCommands } from '../main/service/contract/missions.ts';
import type { SettingChange } from '../main/service/contract/settings.ts';
import type { LogBook } from '../main/service/logBook.ts';
import { isoTime } from '../main/system/isoTime.ts';
import { UserError } from '../main/system/userError.ts';
import type { AppEngine } from './appEngine.ts';
import { chooseInDialog } from './dialogs.ts';
import type { AppHandlers } from './ipc.ts';
import { openLink } from './links.ts';
import type { LoginItem } from './loginItem.ts';
import type { AppWindow, Presentation } from './window/appWindow.ts';

export interface AppCommandDeps {
  readonly state: () => AppState;
  readonly engine: AppEngine;
  readonly discovery: () => Discovery | null;
  readonly log: LogBook;
  readonly window: AppWindow;
  readonly loginItem: LoginItem;
  /** Lets the engine run from now on. */
  readonly start: () => void;
  readonly pageAsked: () => void;
  readonly remember: (presentation: Presentation) => void;
  /** Something of the state changed that the engine does not tell of. */
  readonly changed: () => void;
  readonly quit: () => void;
}

/** What each command of the page does. The page names things; what they are is looked up here. */
export function createAppHandlers(
  deps: AppCommandDeps,
): Omit<AppHandlers, keyof typeof missionCommands> {
  const { engine, log, window } = deps;
  const nothing = {};

  function missionOf(id: string): MissionMessage {
    const mission = deps.state().snapshot?.missions.find((each) => each.id === id);
    if (mission === undefined) throw new UserError('There is no such mission any more.');
    return mission;
  }

  async function save(
    change: SettingChange | { [K in 'globalConfigDir' | 'claudePath']?: string },
  ) {
    await changeSettings(deps.state().settings.path, change);
    // Which global entry, in which store, is decided at the engine's start.
    if ('store' in change || 'globalConfigDir' in change) engine.restart();
    deps.changed();
  }

  return {
    async state() {
      deps.pageAsked();
      return deps.state();
    },

    async start() {
      deps.start();
      return nothing;
    },

    async retry() {
      engine.retry();
      return nothing;
    },

    resync: ({ missionId }) => engine.resync(missionId ?? null),
    resolve: (params) => engine.call('resolve', params),
    pause: (params) => engine.call('pause', params),

    async attach({ candidateId }) {
      const folder =
        candidateId === undefined
          ? await chooseInDialog(window, {
              title: 'Attach a config directory',
              message: 'Choose a CLAUDE_CONFIG_DIR to keep in step',
              properties: ['openDirectory', 'showHiddenFiles'],
            })
          : candidateFolder(candidateId);
      if (folder === null) return { missionId: null };
      const { id } = await engine.call('attach', { folder });
      return { missionId: id };
    },

    detach: ({ missionId }) => engine.call('detach', { id: missionId }),

    async openMissionFolder({ missionId }) {
      const { kind, configDir } = missionOf(missionId);
      const failure = await shell.openPath(kind === 'attached' ? configDir : dirname(configDir));
      if (failure !== '') throw new UserError(`The folder cannot be opened: ${failure}`);
      return nothing;
    },

    async copyHash({ missionId }) {
      const { snapshot } = deps.state();
      const hash = missionId === null ? snapshot?.global.hash : missionOf(missionId).hash;
      if (!hash) throw new UserError('There is no entry, and so no hash to copy.');
      await clipboard.writeText(hash);
      return nothing;
    },

    async changeSetting(change) {
      if (change.launchAtLogin !== undefined) deps.loginItem.set(change.launchAtLogin);
      await save(change);
      return nothing;
    },

    async chooseSetting({ key }) {
      const chosen = await chooseInDialog(
        window,
        key === 'claudePath'
          ? { title: 'Choose the claude program', properties: ['openFile', 'showHiddenFiles'] }
          : {
              title: 'Choose the global config directory',
              properties: ['openDirectory', 'showHiddenFiles'],
            },
      );
      if (chosen !== null) await save({ [key]: chosen });
      return { changed: chosen !== null };
    },

    async resetSetting({ key }) {
      await changeSettings(deps.state().settings.path, { [key]: undefined });
      if (key === 'globalConfigDir') engine.restart();
      deps.changed();
      return nothing;
    },

    async openSettingsFile() {
      const { path } = deps.state().settings;
      // One that is not there yet is made, so that there is something to open.
      await changeSettings(path, {});
      shell.showItemInFolder(path);
      return nothing;
    },

    readLog: ({ before }) => log.read(before),

    async closeLog() {
      log.close();
      return nothing;
    },

    async exportLog(filter) {
      const day = isoTime(Date.now()).slice(0, 10);
      const { canceled, filePath } = await window.keepOpen(() =>
        dialog.showSaveDialog({
          title: 'Export the sync log',
          defaultPath: join(homedir(), `agenc-bar-sync-${day}.log`),
        }),
      );
      if (canceled || filePath === '') return { lines: null };
      const { text, lines } = await log.export(filter);
      await writeFile(filePath, text, { mode: 0o600 });
      return { lines };
    },

    async openLink({ link }) {
      await openLink(link);
      return nothing;
    },

    async present({ as }) {
      deps.remember(as);
      await window.present(as);
      deps.changed();
      return nothing;
    },

    async hide() {
      window.hide();
      return nothing;
    },

    async quit() {
      deps.quit();
      return nothing;
    },
  };

  function candidateFolder(id: string): string {
    const candidate = deps.discovery()?.candidates.find((each) => each.id === id);
    if (candidate === undefined) throw new UserError('That folder is not on the list any more.');
    return candidate.folder;
  }
}
