import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import pLimit from 'p-limit';

/** The measure for the engine's latency: the same bytes in as many files, and nothing but the writing. */
export interface BareWrites {
  /** Replaces every file (temporary file, fsync, rename); how long that took, ms. */
  run(text: string, atOnce: number): Promise<number>;
  dispose(): void;
}

export function createBareWrites(root: string, files: number): BareWrites {
  const folder = join(root, 'bare');
  const paths = Array.from({ length: files }, (_, index) =>
    join(folder, String(index), '.credentials.json'),
  );
  for (const path of paths) mkdirSync(join(path, '..'), { recursive: true });

  async function replace(path: string, text: string): Promise<void> {
    const temporary = `${path}.tmp.${randomBytes(4).toString('hex')}`;
    const handle = await open(temporary, 'wx', 0o600);
    await handle.writeFile(text);
    await handle.sync();
    await handle.close();
    await rename(temporary, path);
  }

  return {
    async run(text, atOnce) {
      const limit = pLimit(atOnce);
      const from = performance.now();
      await Promise.all(paths.map((path) => limit(() => replace(path, text))));
      return performance.now() - from;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
