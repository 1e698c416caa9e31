import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EventMessage } from '../../main/service/contract/engine.ts';
import type { Fleet } from './fleet.ts';

/** The built command; `AGENC_BAR_CLI` names another build to compare with. */
export const CLI = process.env.AGENC_BAR_CLI ?? join(import.meta.dirname, '../../out/cli.js');

/** A real engine: `out/cli.js sync --json` as a process of its own. */
export interface EngineProcess {
  readonly pid: number;
  /** From starting the process to its "ready", ms. */
  readonly startMs: number;
  /** Every event so far, oldest first. */
  readonly events: readonly EventMessage[];
  /** Ends it as Ctrl-C does. @throws Error if it did not end well */
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts an engine on a fleet; resolves at its "ready". @throws Error with what it printed if it ends before */
export async function startEngine(fleet: Fleet): Promise<EngineProcess> {
  if (!existsSync(CLI)) throw new Error(`${CLI} is missing: run "npm run build" first.`);
  const from = performance.now();
  const nodeOptions = process.env.AGENC_BENCH_NODE_OPTIONS?.split(' ') ?? [];
  const child = spawn(process.execPath, [...nodeOptions, CLI, 'sync', '--json'], {
    env: fleet.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text;
  });
  const ended = once(child, 'exit').finally(() => running.delete(child));
  const events: EventMessage[] = [];
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      const event = JSON.parse(line) as EventMessage;
      events.push(event);
      if (event.event === 'ready') resolve();
    });
    void ended.then(() => reject(new Error(`The engine ended at once: ${complaints.trim()}`)));
  });
  const startMs = performance.now() - from;
  return {
    pid: child.pid ?? 0,
    startMs,
    events,
    async stop() {
      child.kill('SIGINT');
      const [code, signal] = (await ended) as [number | null, string | null];
      if (code !== 0) throw new Error(`The engine ended with ${code ?? signal}: ${complaints}`);
    },
  };
}
