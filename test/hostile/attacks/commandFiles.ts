import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../../support/engineHarness.ts';
import { CLI } from '../../support/engineProcess.ts';

/** A command that has not come back by then hangs. */
const HANGS_AFTER_MS = 20_000;

export interface Ran {
  readonly code: number | null;
  readonly text: string;
  readonly hangs: boolean;
}

/** Runs `agenc-bar`; ends it if it hangs. */
export function runCommand(world: World, ...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { env: world.env, encoding: 'utf8', timeout: HANGS_AFTER_MS, killSignal: 'SIGKILL' },
      (_, stdout, stderr) =>
        resolve({
          code: child.exitCode,
          text: stdout + stderr,
          hangs: child.signalCode === 'SIGKILL',
        }),
    );
  });
}

/** A program that stands in for `claude`: says a line, and ends. */
export function putClaude(world: World, says: string): void {
  const program = join(world.root, 'claude');
  const script = `#!/bin/sh\n[ "$1" = --version ] && { echo "2.1.330 (Claude Code)"; exit; }\ncat >/dev/null\necho '${says}'\n`;
  writeFileSync(program, script, { mode: 0o755 });
  world.writeSettings({ claudePath: program });
}

/** A mission made by the command. @returns its id and folder */
export async function newMission(world: World): Promise<{ id: string; folder: string }> {
  const { code, text } = await runCommand(world, 'mission', 'new', 'attacked');
  if (code !== 0) throw new Error(`mission new: ${text}`);
  const id = readdirSync(world.paths.missions).find((name) => !name.startsWith('.'));
  if (id === undefined) throw new Error('mission new made none');
  return { id, folder: join(world.paths.missions, id) };
}

export const runHeadless = (world: World, id: string): Promise<Ran> =>
  runCommand(world, 'mission', 'run', id, '--headless', '--prompt', 'Do it.');

/** The user's config, with a project in it whose servers and approvals are no mission's business. */
export function putSecretProject(world: World, secret: string): string {
  const project = join(world.env.HOME, 'secret-project');
  mkdirSync(join(project, '.claude'), { recursive: true });
  const server = { command: 'prod-mcp', env: { PROD_DB_PASSWORD: secret } };
  const known = {
    allowedTools: ['Bash(*)'],
    mcpServers: { prod: server },
    enabledMcpjsonServers: ['prod'],
    hasTrustDialogAccepted: true,
  };
  writeFileSync(
    join(world.env.HOME, '.claude.json'),
    JSON.stringify({ hasCompletedOnboarding: true, projects: { [project]: known } }),
  );
  writeFileSync(
    join(project, '.claude', 'settings.local.json'),
    JSON.stringify({ enableAllProjectMcpServers: true }),
  );
  return project;
}
