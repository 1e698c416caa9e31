import { hash } from 'node:crypto';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEntry } from '../credentials/entry.ts';
import { summariseServers } from '../credentials/serverState.ts';
import { configuresServer } from '../missions/knownServers.ts';
import { WORK_FOLDER } from '../missions/mission.ts';
import { requireOwnFolders } from '../missions/ownFolders.ts';
import { createStore, storeKind } from '../stores/chooseStore.ts';
import type { EntryRef } from '../stores/store.ts';
import { acquireEngineLock } from '../sync/engineLock.ts';
import { type Clock, systemClock } from '../system/clock.ts';
import { errorText } from '../system/errors.ts';
import { UserError } from '../system/userError.ts';
import { claudeEnvironment } from '../wrapper/childCommand.ts';
import { findClaude, findOnPath } from '../wrapper/findProgram.ts';
import { askAnyEngine } from './anyEngine.ts';
import type { MissionMessage, Snapshot } from './contract/engine.ts';
import { findAuthorizationPage, lastWords } from './loginOutput.ts';
import { runInTerminal, type TerminalEnd } from './loginTerminal.ts';
import { type MissionHost, settingsOf } from './missionHost.ts';

export interface SignInOptions {
  readonly host: MissionHost;
  /** As people know it. */
  readonly server: string;
  /** In whose config it is looked up, by id or name; `null`: any mission that knows the server. */
  readonly missionId: string | null;
  /** Shows the authorization page; it is told to nobody else, as it holds `state` and the PKCE challenge. */
  readonly openUrl: (url: string) => void | Promise<void>;
  readonly signal: AbortSignal;
  readonly limitMs?: number;
  readonly clock?: Clock;
}

export type SignInResult =
  | {
      readonly status: 'signed-in';
      /** Running missions that may have met the server without a sign-in: `/mcp reconnect` helps there. */
      readonly reconnect: readonly string[];
      /** Why the sign-in has not come to the others yet, if so. */
      readonly warning: string | null;
    }
  | { readonly status: 'cancelled' }
  | { readonly status: 'failed'; readonly message: string };

const LIMIT_MS = 5 * 60_000;

/**
 * Signs in to an MCP server once, by the client's own `claude mcp login` in one mission, and has the
 * result carried to all others. A usable sign-in is revoked by the client before the page is approved.
 */
export async function signIn(options: SignInOptions): Promise<SignInResult> {
  const { host, server, signal } = options;
  try {
    const snapshot = await askAnyEngine(host, 'status', {}, false);
    const mission = missionFor(snapshot, options);
    if (mission.kind === 'agenc') requireOwnFolders(dirname(mission.configDir));
    const lock = await acquireEngineLock(lockPath(host, server));
    if (lock.status === 'held') {
      return failed(`A sign-in to "${server}" is under way already (${lock.who}).`);
    }
    try {
      const problem = await login(options, mission, snapshot.global.configDir);
      // If the client saved it in this very moment, it is kept, and carried as whatever a mission acquires.
      if (signal.aborted) return { status: 'cancelled' };
      if (problem !== null) return failed(problem);
      if (!(await isSaved(host, mission, server))) {
        return failed(
          'Claude says that it is done, but kept no sign-in; "agenc-bar doctor" may know why.',
        );
      }
    } finally {
      lock.release();
    }
    const warning = await carry(host, mission);
    return { status: 'signed-in', reconnect: toReconnect(snapshot, server), warning };
  } catch (error) {
    if (error instanceof UserError) return failed(error.message);
    throw error;
  }
}

/** Runs the client. @returns what went wrong, in words; `null`: it says that it is signed in */
async function login(
  options: SignInOptions,
  mission: MissionMessage,
  globalConfigDir: string,
): Promise<string | null> {
  const { host, server, limitMs = LIMIT_MS, clock = systemClock } = options;
  const claude = findClaude(settingsOf(host).claudePath, host.env);
  const script = findOnPath('script', host.env);
  if (script === null) return 'The program "script" (util-linux) is not on PATH: install it.';
  const ending = new AbortController();
  let trouble: string | null = null;
  const endWith = (why: string): void => {
    trouble ??= why;
    ending.abort();
  };
  const cancelLimit = clock.after(limitMs, () =>
    endWith(`Nobody signed in within ${Math.round(limitMs / 60_000)} minutes.`),
  );
  let isShown = false;
  const end: TerminalEnd = await runInTerminal({
    script,
    argv: [claude, 'mcp', 'login', '--no-browser', '--', server],
    cwd: workDirOf(mission) ?? homedir(),
    env: claudeEnvironment(host.env, mission.configDir, mission.shared ? globalConfigDir : null),
    signal: AbortSignal.any([options.signal, ending.signal]),
    clock,
    onOutput(output) {
      if (isShown) return;
      const found = findAuthorizationPage(output);
      if (found.kind === 'none') return;
      isShown = true;
      if (found.kind === 'refused') {
        endWith(`The sign-in page of ${found.origin} is not encrypted, so it was not opened.`);
      } else {
        Promise.resolve(found.url)
          .then(options.openUrl)
          .catch(() => endWith('The sign-in page could not be opened.'));
      }
    },
  }).finally(cancelLimit);
  if (trouble !== null) return trouble;
  if (end.status === 'failed') return `The sign-in could not be started: ${end.why}`;
  if (end.code === 0) return null;
  return lastWords(end.output) ?? `Claude ended with exit code ${end.code}.`;
}

/** @throws UserError if there is none */
function missionFor(
  { missions }: Snapshot,
  { host, server, missionId: wanted }: SignInOptions,
): MissionMessage {
  if (wanted !== null) {
    const named = missions.filter(({ name }) => name === wanted);
    const mission =
      missions.find(({ id }) => id === wanted) ?? (named.length === 1 ? named[0] : undefined);
    if (mission !== undefined) return mission;
    throw new UserError(`There is no mission "${wanted}"; "agenc-bar mission ls" lists them.`);
  }
  // A running one is followed by the engine: what it gets is carried at once.
  const candidates = [...missions].sort((a, b) => Number(isStopped(a)) - Number(isStopped(b)));
  const found =
    candidates.find((one) =>
      configuresServer(one.configDir, workDirOf(one), server, host.paths.missions),
    ) ?? candidates.find(({ servers }) => servers.some(({ name }) => name === server));
  if (found !== undefined) return found;
  throw new UserError(`No mission knows a server "${server}".`);
}

function isStopped({ state }: MissionMessage): boolean {
  return state === 'stopped';
}

/** Project-scoped servers are known only there. An attached directory's sessions may work anywhere. */
function workDirOf({ kind, configDir }: MissionMessage): string | null {
  return kind === 'agenc' ? join(configDir, '..', WORK_FOLDER) : null;
}

async function isSaved(
  host: MissionHost,
  { shared, configDir }: MissionMessage,
  server: string,
): Promise<boolean> {
  const settings = settingsOf(host);
  const ref: EntryRef = shared
    ? { scope: 'global', configDir: settings.globalConfigDir }
    : { scope: 'mission', configDir };
  const store = createStore(
    storeKind(settings.store),
    settings.globalConfigDir,
    host.paths.missions,
  );
  try {
    const read = await store.read(ref);
    const parsed = read.status === 'found' ? parseEntry(read.text) : null;
    if (parsed?.status !== 'ok') return false;
    return summariseServers(parsed.entry).some(
      ({ name, status }) => name === server && status === 'usable',
    );
  } finally {
    await store.dispose();
  }
}

/** Has the sign-in brought to all others. @returns why it was not, or `null` */
async function carry(host: MissionHost, mission: MissionMessage): Promise<string | null> {
  try {
    if (isStopped(mission)) await askAnyEngine(host, 'writeBack', { id: mission.id }, true);
    // It has no entry of its own: all others take it from the global one.
    else if (mission.shared) await askAnyEngine(host, 'resync', {}, true);
    else await askAnyEngine(host, 'resync', { missionId: mission.id }, true);
    return null;
  } catch (error) {
    return `It was not carried to the others yet: ${errorText(error)}`;
  }
}

/** A session that has met the server without a usable token does not come back by itself. */
function toReconnect({ missions }: Snapshot, server: string): string[] {
  return missions
    .filter((mission) => !isStopped(mission))
    .filter(({ servers }) =>
      servers.some(({ name, status }) => name === server && status !== 'usable'),
    )
    .map(({ name }) => name);
}

/** One at a time for each server, whoever asks: a second login would revoke what the first one got. */
function lockPath({ paths }: MissionHost, server: string): string {
  return join(paths.bar, `sign-in-${hash('sha256', server).slice(0, 12)}.lock`);
}

function failed(message: string): SignInResult {
  return { status: 'failed', message };
}
