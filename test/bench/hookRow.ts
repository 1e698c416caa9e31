import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWrapperServer } from '../../main/wrapper/controlServer.ts';
import { wrapperSocket } from '../../main/wrapper/files.ts';
import { createSupervisor } from '../../main/wrapper/supervisor.ts';
import { CLI } from './engineProcess.ts';
import { median } from './figures.ts';
import { ms, type Row, times } from './report.ts';

const LIMIT_MS = 150;
const MISSION = 'a-mission';

/** `agenc-bar hook`, for which Claude waits at every prompt: the whole process, told to a wrapper's socket. */
export async function measureHook(runs: number): Promise<Row[]> {
  const folder = join(mkdtempSync(join(tmpdir(), 'agenc-bar-bench-')), MISSION);
  const configDir = join(folder, 'claude-config');
  mkdirSync(configDir, { recursive: true });
  let reports = 0;
  const supervisor = createSupervisor({
    missionId: MISSION,
    mode: 'interactive',
    resume: false,
    now: Date.now,
    log: (event) => {
      if (event === 'hook') reports += 1;
    },
  });
  const server = await startWrapperServer(
    wrapperSocket(folder),
    supervisor.handlers,
    supervisor.follow,
  );
  const env = { CLAUDE_CONFIG_DIR: configDir, AGENC_MISSION_UUID: MISSION };
  try {
    const hooks: number[] = [];
    const nodes: number[] = [];
    for (let run = 0; run <= runs; run += 1) {
      nodes.push(await durationOf(['-e', '0'], env));
      hooks.push(await durationOf([CLI, 'hook', 'UserPromptSubmit'], env));
    }
    if (reports !== runs + 1) throw new Error(`${reports} of ${runs + 1} hooks have arrived`);
    // The first ones fill the system's file cache.
    const [hook, node] = [median(hooks.slice(1)), median(nodes.slice(1))];
    return [
      {
        what: `\`agenc-bar hook\`, whole process: median of ${runs}`,
        measured: ms(hook),
        limit: `≤ ${LIMIT_MS} ms`,
        ofLimit: hook / LIMIT_MS,
      },
      { what: `… against \`node -e 0\` (${ms(node)})`, measured: times(hook / node) },
    ];
  } finally {
    await server.close();
    rmSync(join(folder, '..'), { recursive: true, force: true });
  }
}

async function durationOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const from = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'inherit', 'inherit'] });
  // A program that does not read its input may be gone before it was written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(
    JSON.stringify({ hook_event_name: 'UserPromptSubmit', prompt: 'x'.repeat(2_000) }),
  );
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with exit code ${code}`);
  return performance.now() - from;
}
