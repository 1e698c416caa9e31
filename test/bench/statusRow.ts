import { execFileSync } from 'node:child_process';
import type { Snapshot } from '../../main/service/contract/engine.ts';
import { CLI } from './engineProcess.ts';
import { median } from './figures.ts';
import { createFleet } from './fleet.ts';
import { ms, type Row } from './report.ts';

const LIMIT_MS = 400;

/** `agenc-bar status` without an engine: the whole process, from its start to its end. */
export function measureStatus(missions: number, runs: number): Row[] {
  const fleet = createFleet({ missions });
  try {
    const durations = Array.from({ length: runs + 1 }, () => {
      const from = performance.now();
      const text = execFileSync(process.execPath, [CLI, 'status', '--json'], {
        env: fleet.env,
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      });
      const duration = performance.now() - from;
      const seen = (JSON.parse(text) as Snapshot).missions.length;
      if (seen !== missions) throw new Error(`status shows ${seen} of ${missions} missions`);
      return duration;
    });
    // The first one fills the system's file cache.
    const middle = median(durations.slice(1));
    return [
      {
        what: `\`status\` without an engine, ${missions} missions, whole process: median of ${runs}`,
        measured: ms(middle),
        limit: `≤ ${LIMIT_MS} ms`,
        ofLimit: middle / LIMIT_MS,
      },
    ];
  } finally {
    fleet.dispose();
  }
}
