import { setTimeout as sleep } from 'node:timers/promises';
import { errorText } from '../system/errors.ts';
import { UserError } from '../system/userError.ts';
import type { ServiceOptions } from './assemble.ts';
import { callEngine, followEngine, followSnapshots, NoEngine } from './client.ts';
import type {
  CommandHandlers,
  CommandName,
  CommandParams,
  CommandResult,
  EventMessage,
  Snapshot,
} from './contract/engine.ts';
import { EngineHeld, type RunningService, startService } from './service.ts';

/** How a program that wants an engine stands to it. */
export type ConnectionState =
  | { readonly status: 'starting' }
  /** It runs in this process. */
  | { readonly status: 'own' }
  /** Another process runs it; when that ends, this one takes over. `null`: its number means nothing here. */
  | { readonly status: 'other'; readonly pid: number | null }
  /** It cannot run now; tried again by itself. */
  | { readonly status: 'failed'; readonly message: string };

/** An engine on an AGENC_DIRPATH, whoever runs it: there is one as long as this lives. */
export interface EngineConnection {
  state(): ConnectionState;
  /** The last that is known, also while no engine runs; `null` before the first. */
  snapshot(): Snapshot | null;
  /** @throws UserError with the engine's words if it failed, or if no engine is there */
  call<C extends CommandName>(name: C, params: CommandParams<C>): Promise<CommandResult<C>>;
  /** Tries at once, instead of at the next try. */
  retry(): void;
  /** Starts our own engine anew, for settings that need it; another process's is left alone. */
  restart(): void;
  /** Whether our own engine has a refresh under way, also while it ends. */
  isRefreshing(): boolean;
  /** Lets the engine go: ours writes every running mission back. */
  dispose(): Promise<void>;
}

export interface ConnectionListener {
  /** State or snapshot are other than before. */
  readonly onChange: () => void;
  readonly onEvent: (event: EventMessage) => void;
}

const RETRY_MS = 10_000;
/** Another engine that starts or ends is without a socket for a moment. */
const GAP_MS = 200;
const MAX_GAPS = 25;

/** Starts an engine, or follows the one that runs, until disposed. */
export function connectEngine(
  options: ServiceOptions,
  { onChange, onEvent }: ConnectionListener,
): EngineConnection {
  const socket = options.paths.engineSocket;
  const ending = new AbortController();
  let state: ConnectionState = { status: 'starting' };
  let snapshot: Snapshot | null = null;
  /** That answers commands. */
  let own: RunningService | null = null;
  /** That lives, if only to end. */
  let ours: RunningService | null = null;
  let gaps = 0;
  /** Cuts short what is being waited for: the next try, or the end of our own engine. */
  let wake: (() => void) | null = null;

  function become(next: ConnectionState): void {
    state = next;
    onChange();
  }

  function take(next: Snapshot): void {
    snapshot = next;
    onChange();
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await runOwn();
      } catch (error) {
        if (error instanceof EngineHeld) await followOther(error);
        else await failed(errorText(error));
      }
    }
  }

  async function runOwn(): Promise<void> {
    const service = await startService(options, onEvent);
    gaps = 0;
    own = ours = service;
    service.live.subscribe((live) => take(live.snapshot));
    become({ status: 'own' });
    try {
      await Promise.race([awakened(), service.lost]);
    } catch (error) {
      own = null;
      await service.abandon();
      throw error;
    }
    own = null;
    await service.dispose();
    if (!ending.signal.aborted) become({ status: 'starting' });
  }

  async function followOther({ pid, who }: EngineHeld): Promise<void> {
    let answered = false;
    const following = new AbortController();
    const signal = AbortSignal.any([ending.signal, following.signal]);
    try {
      void tellEvents(signal);
      for await (const live of await followSnapshots(socket, signal)) {
        answered = true;
        snapshot = live.snapshot;
        become({ status: 'other', pid });
      }
    } catch (error) {
      // One that answered was killed; one that does not answer starts, or ends, just now.
      if (!answered && !(error instanceof NoEngine)) return failed(errorText(error));
    } finally {
      following.abort();
    }
    gaps = answered ? 0 : gaps + 1;
    if (gaps < MAX_GAPS) return pause(GAP_MS);
    await failed(
      `Another engine (${who}) holds ${options.paths.engineLock} but does not answer; end it, and this app takes over.`,
    );
  }

  async function tellEvents(signal: AbortSignal): Promise<void> {
    try {
      for (let isCutOff = true; isCutOff; ) {
        isCutOff = false;
        for await (const event of await followEngine(socket, signal)) {
          isCutOff = event.event === 'cut-off';
          if (!isCutOff) onEvent(event);
        }
      }
    } catch {
      // It ended; the snapshots end with it, and what to do is decided there.
    }
  }

  async function failed(message: string): Promise<void> {
    become({ status: 'failed', message });
    await pause(RETRY_MS);
  }

  async function pause(ms: number): Promise<void> {
    const cut = new AbortController();
    const waiting = sleep(ms, undefined, { signal: cut.signal, ref: false });
    await Promise.race([waiting.catch(() => undefined), awakened()]);
    cut.abort();
  }

  function awakened(): Promise<void> {
    if (ending.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      wake = resolve;
    });
  }

  const running = run();

  return {
    state: () => state,
    snapshot: () => snapshot,

    async call(name, params) {
      if (own !== null) return answer(own.handlers, name, params);
      if (state.status === 'other') return callEngine(socket, name, params);
      throw new UserError(
        state.status === 'failed'
          ? state.message
          : 'The engine is starting; try again in a moment.',
      );
    },

    retry() {
      gaps = 0;
      if (state.status === 'failed') wake?.();
    },

    restart() {
      if (own !== null) wake?.();
    },

    isRefreshing: () => ours?.isRefreshing() ?? false,

    async dispose() {
      ending.abort();
      wake?.();
      await running;
    },
  };
}

function answer<C extends CommandName>(
  handlers: CommandHandlers,
  name: C,
  params: CommandParams<C>,
): Promise<CommandResult<C>> {
  return handlers[name](params);
}
