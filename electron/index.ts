import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { app, dialog, ipcMain, Menu, nativeTheme, powerMonitor, session } from 'electron';
import { menubar as createMenubar } from 'electron-menubar';
import type { AppState, Discovery } from '../main/service/contract/app.ts';
import { shownSnapshot } from '../main/service/contract/shownSnapshot.ts';
import { discover } from '../main/service/discovery.ts';
import { createLogBook } from '../main/service/logBook.ts';
import { loadSettings } from '../main/service/settings.ts';
import { errorText } from '../main/system/errors.ts';
import { refuseInspector } from '../main/system/noInspector.ts';
import { agencPaths, agencRoot } from '../main/system/paths.ts';
import { createAppHandlers } from './appCommands.ts';
import { createAppEngine, isKnownHere } from './appEngine.ts';
import { openAppMemory } from './appMemory.ts';
import { createAppMissions } from './appMissions.ts';
import { attentionOf } from './attention.ts';
import { chooseInDialog } from './dialogs.ts';
import { answerPage, push } from './ipc.ts';
import { joinShutdown } from './lifecycle.ts';
import { lockDown } from './lockDown.ts';
import { createLoginItem } from './loginItem.ts';
import { createNavigator } from './navigator.ts';
import { createNotifier } from './notifications.ts';
import { PAGE_URL, registerPageScheme, servePage } from './page.ts';
import { createStateFeed } from './stateFeed.ts';
import { createTrayRenderer } from './tray/renderTray.ts';
import { trayIconPath } from './tray/trayIcon.ts';
import { type TrayAction, trayView } from './tray/trayView.ts';
import { onWake } from './wake.ts';
import { createAppWindow } from './window/appWindow.ts';
import {
  backgroundOf,
  DEFAULT_SIZE,
  firstPresentation,
  windowOptions,
} from './window/windowOptions.ts';

const HERE = import.meta.dirname;
const TRAY_ICONS = join(HERE, '..', '..', 'assets', 'tray');

refuseInspector();
registerPageScheme();
app.enableSandbox();
// A second start only opens the first one's window. Nothing is awaited here: Electron gets ready only when
// this module has been read.
if (app.requestSingleInstanceLock()) main().catch(cannotStart);
else app.quit();

/** The app put together. Everything that is started here is ended in `finish`. */
async function main(): Promise<void> {
  await app.whenReady();
  lockDown(app, session.defaultSession);
  servePage(session.defaultSession, join(HERE, '..', 'renderer'));
  const isMac = process.platform === 'darwin';
  // Without a menu of its own macOS gives a window no copy and paste; elsewhere there is nothing to show.
  Menu.setApplicationMenu(
    isMac ? Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }]) : null,
  );

  const options = { paths: agencPaths(agencRoot(agencDirArgument())), env: process.env };
  const { paths } = options;
  const memory = openAppMemory(paths.app);
  const loginItem = createLoginItem(app);
  let discovery: Discovery | null = null;

  const engine = createAppEngine(options, {
    onChange: () => feed.changed(),
    onEvent: (event) => log.append(event),
  });
  const log = createLogBook(
    paths.syncLog,
    (id) => engine.snapshot()?.missions.find((mission) => mission.id === id)?.name ?? null,
    (lines) => push(window.contents(), 'log', { lines }),
  );

  const menubar = createMenubar({
    index: PAGE_URL,
    icon: trayIconPath(TRAY_ICONS, 'InSync', nativeTheme.shouldUseDarkColors),
    tooltip: 'AgenC Bar',
    showDockIcon: false,
    // Which window a click opens is the user's choice, so the click is ours.
    trigger: 'none',
    activateWithApp: false,
  });
  await once(menubar, 'ready');

  const window = createAppWindow({
    menubar,
    first: memory.get().presentation ?? firstPresentation(process.platform, process.env),
    options: () =>
      windowOptions(
        join(HERE, 'preload.cjs'),
        memory.get().size ?? DEFAULT_SIZE,
        nativeTheme,
        !app.isPackaged,
      ),
    onShow: () => {
      push(window.contents(), 'state', feed.current());
      // Nobody follows the entries of stopped missions; whoever opens the window wants to see them.
      engine.call('look', {}).catch(() => undefined); // Not connected: there is nothing to look at.
      if (engine.connection().status === 'waiting') void lookAround();
    },
    onLeave: (size) => memory.set({ size: [...size] }),
  });
  const navigator = createNavigator(window);
  const tray = createTrayRenderer({
    tray: () => menubar.tray,
    setMenu: (menu) => menubar.setContextMenu(menu),
    icons: TRAY_ICONS,
    theme: nativeTheme,
    onAction: act,
  });
  const notifier = createNotifier(({ place, missionId, alertId }) => {
    void navigator.go({ place, missionId, alertId });
  });
  const feed = createStateFeed({
    take: takeState,
    isWatched: () => window.isVisible(),
    onState(state) {
      tray.render(trayView(state));
      notifier.update(attentionOf(state), state.settings.values.notifications);
      if (window.isVisible()) push(window.contents(), 'state', state);
    },
  });

  const missions = createAppMissions({
    paths,
    env: process.env,
    engine,
    memory,
    chooseFolder: (title) => chooseInDialog(window, { title, properties: ['openDirectory'] }),
    onOutput: (message) => push(window.contents(), 'output', message),
    changed: () => feed.changed(),
  });

  function takeState(): Omit<AppState, 'revision'> {
    const { settings, problems } = loadSettings(paths.settings, process.env);
    const snapshot = engine.snapshot();
    return {
      version: app.getVersion(),
      platform: isMac ? 'darwin' : process.platform === 'win32' ? 'win32' : 'linux',
      presentation: window.presentation(),
      connection: engine.connection(),
      snapshot: snapshot === null ? null : shownSnapshot(snapshot),
      resyncing: engine.resyncing(),
      ...missions.state(),
      settings: {
        path: paths.settings,
        values: settings,
        problems: [...problems],
        storeFromEnvironment: Boolean(process.env.AGENC_BAR_STORE),
      },
      loginItem: loginItem.status(),
      discovery,
    };
  }

  async function lookAround(): Promise<void> {
    discovery = await discover(options);
    feed.changed();
  }

  function start(): void {
    memory.set({ welcomed: true });
    engine.start();
  }

  function act(action: TrayAction): void {
    // What fails is told by an alert of the engine, or by the state itself.
    if (action.do === 'resync') void engine.resync(null).catch(() => undefined);
    if (action.do === 'pause') void engine.call('pause', action).catch(() => undefined);
    if (action.do === 'quit') app.quit();
    if (action.do === 'open') void navigator.go({ ...action, alertId: null });
  }

  const handlers = createAppHandlers({
    state: feed.current,
    discovery: () => discovery,
    changed: feed.changed,
    quit: () => app.quit(),
    start,
    engine,
    log,
    window,
    loginItem,
    pageAsked: navigator.pageAsked,
    remember: (presentation) => memory.set({ presentation }),
  });
  answerPage(
    ipcMain,
    { ...handlers, ...missions.handlers },
    (contents) => contents === window.contents(),
  );

  menubar.tray.on('click', () => void window.toggle());
  app.on('second-instance', () => void window.show());
  app.on('activate', () => void window.show());
  app.on('window-all-closed', () => undefined); // The app lives in the menu bar, not in its windows.
  nativeTheme.on('updated', () => {
    feed.changed();
    window.setBackground(backgroundOf(nativeTheme));
  });
  // A look and no more: to heal would push a token that was rejected back into who rejected it, at every unlock.
  const forgetWake = onWake(powerMonitor, () => {
    engine.call('resync', { heal: false }).catch(() => undefined); // Not connected: its start looks at everything.
  });

  joinShutdown(app, {
    isRefreshing: engine.isRefreshing,
    async finish() {
      forgetWake();
      feed.dispose();
      log.close();
      notifier.dispose();
      window.dispose();
      // Side by side: missions that are being made take their time to go, and the entries shall not wait for that.
      await Promise.all([engine.dispose(), missions.dispose()]);
    },
  });

  feed.changed();
  if (memory.get().welcomed || (await isKnownHere(options))) start();
  else await window.show();
}

/** `--agenc-dir DIR`, as the command has it. */
function agencDirArgument(): string | undefined {
  const { values } = parseArgs({
    args: process.argv.slice(1),
    options: { 'agenc-dir': { type: 'string' } },
    // Electron's and Chromium's own switches are none of ours.
    strict: false,
  });
  const folder = values['agenc-dir'];
  return typeof folder === 'string' ? folder : undefined;
}

/** A defect, or a system that lacks something: said, instead of an icon that never comes. */
function cannotStart(error: unknown): void {
  console.error(error);
  dialog.showErrorBox('AgenC Bar cannot start', errorText(error));
  app.exit(1);
}
