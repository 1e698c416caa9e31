import { rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, writeFileAtomicSync } from '../system/atomicFile.ts';
import { readForeignText } from '../system/foreignFile.ts';
import { type Liveness, livenessOf, processIdentitySchema } from '../system/processIdentity.ts';
import { barFolderOf } from './mission.ts';

/**
 * `bar/runs/<mission id>.json`: which wrapper of ours runs a mission, and which Claude it started. It lies
 * where no mission writes, so a process that it names, and that lives, may be sent a signal; one that is
 * named only in the mission's own folder may be anybody's.
 */
const runFileSchema = z.object({
  wrapper: processIdentitySchema,
  claude: processIdentitySchema.extend({ throughOp: z.boolean() }).nullable(),
});
export type RunFile = z.infer<typeof runFileSchema>;
export type NotedClaude = NonNullable<RunFile['claude']>;

const MAX_BYTES = 16 * 1024;

/** What is noted of a mission's run; `null`: nothing, or nothing that could be believed. */
export function readRunFile(missionFolder: string): RunFile | null {
  const text = readForeignText(pathOf(missionFolder), MAX_BYTES);
  if (text === null) return null;
  try {
    return runFileSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    // A damaged one names nobody.
    return null;
  }
}

/** @throws the system's error */
export async function writeRunFile(missionFolder: string, run: RunFile): Promise<void> {
  const path = pathOf(missionFolder);
  await makePrivateFolder(dirname(path));
  writeFileAtomicSync(path, `${JSON.stringify(run)}\n`, 0o600);
}

export function removeRunFile(missionFolder: string): void {
  rmSync(pathOf(missionFolder), { force: true });
}

/** The wrapper of ours that is noted for a mission, and whether it lives; `null`: none is. */
export function notedWrapper(
  missionFolder: string,
): { readonly pid: number; readonly liveness: Liveness } | null {
  const run = readRunFile(missionFolder);
  return run && { pid: run.wrapper.pid, liveness: livenessOf(run.wrapper) };
}

/** The wrapper of ours that runs a mission, whatever that mission did to its own `pid` file; `null`: none. */
export function liveWrapper(missionFolder: string): number | null {
  const noted = notedWrapper(missionFolder);
  return noted?.liveness === 'alive' ? noted.pid : null;
}

/** A mission's folder is always `<AGENC_DIRPATH>/missions/<id>`. */
function pathOf(missionFolder: string): string {
  return join(barFolderOf(missionFolder), 'runs', `${basename(missionFolder)}.json`);
}
