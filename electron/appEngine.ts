import { existsSync } from 'node:fs';
import type { ServiceOptions } from '../main/service/assemble.ts';
import {
  type ConnectionListener,
  connectEngine,
  type EngineConnection,
} from '../main/service/connection.ts';
import type { Connection } from '../main/service/contract/app.ts';
import type {
  CommandName,
  CommandParams,
  CommandResult,
  Snapshot,
} from '../main/service/contract/engine.ts';
import { engineLockHolder } from '../main/sync/engineLock.ts';
import { UserError } from '../main/system/userError.ts';

/** The engine as the app has it: not before the user let it start, and one resync at a time. */
export interface AppEngine {
  connection(): Connection;
  snapshot(): Snapshot | null;
  /** `'*'` or a mission's id, while a force resync is under way. */
  resyncing(): string | null;
  start(): void;
  retry(): void;
  restart(): void;
  /** Clicks while one runs get that one's result. @param missionId `null`: all */
  resync(missionId: string | null): Promise<CommandResult<'resync'>>;
  call<C extends CommandName>(name: C, params: CommandParams<C>): Promise<CommandResult<C>>;
  /** Whether our own engine waits for the answer to a refresh. */
  isRefreshing(): boolean;
  dispose(): Promise<void>;
}

export function createAppEngine(options: ServiceOptions, listener: ConnectionListener): AppEngine {
  let connection: EngineConnection | null = null;
  const resyncs = new Map<string, Promise<CommandResult<'resync'>>>();

  async function call<C extends CommandName>(
    name: C,
    params: CommandParams<C>,
  ): Promise<CommandResult<C>> {
    if (connection === null) throw new UserError('Syncing was not started yet.');
    return connection.call(name, params);
  }

  return {
    connection: () => connection?.state() ?? { status: 'waiting' },
    snapshot: () => connection?.snapshot() ?? null,
    resyncing: () => (resyncs.has('*') ? '*' : (resyncs.keys().next().value ?? null)),
    call,

    start() {
      if (connection !== null) return;
      connection = connectEngine(options, listener);
      listener.onChange();
    },

    retry: () => connection?.retry(),
    restart: () => connection?.restart(),

    resync(missionId) {
      const key = missionId ?? '*';
      const running = resyncs.get(key);
      if (running !== undefined) return running;
      const resync = call('resync', missionId === null ? {} : { missionId }).finally(() => {
        resyncs.delete(key);
        listener.onChange();
      });
      resyncs.set(key, resync);
      listener.onChange();
      return resync;
    },

    isRefreshing: () => connection?.isRefreshing() ?? false,
    dispose: async () => connection?.dispose(),
  };
}

/** Whether the user knows already what happens here: an engine ran, or runs. */
export async function isKnownHere({ paths }: ServiceOptions): Promise<boolean> {
  return existsSync(paths.lineage) || (await engineLockHolder(paths.engineLock)) !== null;
}
