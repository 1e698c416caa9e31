import { createDigester } from '../../main/credentials/digest.ts';
import type { Entry } from '../../main/credentials/entry.ts';
import { type Lineage, mergeEntries } from '../../main/credentials/merge.ts';
import { serverKey } from '../support/fake.ts';
import { median, quantile } from './figures.ts';
import { realisticEntry, realisticServer } from './fleet.ts';
import { ms, type Row } from './report.ts';

const SERVERS = 300;
const LIMIT_MS = 2;
const nothing: ReadonlySet<string> = new Set();

/** Merges two entries and digests both, with one server changed each time; entries come fresh from their text. */
export function measureMerge(rounds: number): Row[] {
  const names = Array.from({ length: SERVERS }, (_, index) => `server-${index}`);
  const digester = createDigester();
  let globalText = realisticEntry(names);
  let base: Lineage = new Map();
  const durations: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const global = JSON.parse(globalText) as Entry;
    const mission = JSON.parse(globalText) as { mcpOAuth: Record<string, unknown> };
    const name = names[round % SERVERS] ?? '';
    if (round > 0) mission.mcpOAuth[serverKey(name)] = realisticServer(name);
    globalThis.gc?.();
    const from = performance.now();
    const merged = mergeEntries(
      {
        mission: mission as unknown as Entry,
        global,
        base,
        held: { mission: nothing, global: nothing },
        carry: () => 'both',
        frozen: new Set(),
        heal: false,
        now: 0,
        writtenAt: { mission: null, global: () => null },
      },
      digester,
    );
    const hashes = [merged.mission, merged.global].map((entry) => digester.entry(entry ?? {}));
    durations.push(performance.now() - from);
    if (hashes[0] !== hashes[1]) throw new Error('After a merge, both entries are the same.');
    base = merged.base;
    globalText = JSON.stringify(merged.global);
  }
  const [cold = Number.NaN, ...warm] = durations;
  const middle = median(warm);
  return [
    {
      what: `Merge + digest of entries with ${SERVERS} servers, one of them changed: median of ${warm.length}`,
      measured: ms(middle),
      limit: `≤ ${LIMIT_MS} ms`,
      ofLimit: middle / LIMIT_MS,
    },
    { what: '… p99', measured: ms(quantile(warm, 0.99)) },
    { what: '… the very first in a process, with nothing known', measured: ms(cold) },
  ];
}
