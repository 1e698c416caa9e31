import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Attack } from '../attack.ts';

/** What can lie where a small file should. */
export const oddKinds = {
  pipe: (path: string) => {
    const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`mkfifo: ${stderr}`);
  },
  'link to a device without end': (path: string) => symlinkSync('/dev/zero', path),
  'link to itself': (path: string) => symlinkSync(path, path),
  'link to nowhere': (path: string) => symlinkSync('/nowhere/at/all', path),
  'file of 1.9 GB': (path: string) => {
    writeFileSync(path, '');
    truncateSync(path, 1_900_000_000);
  },
  folder: (path: string) => mkdirSync(path),
  'file of garbage': (path: string) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x7b, 0, 1])),
} as const;

export type OddKind = keyof typeof oddKinds;

/** Replaces whatever is there. */
export function putOdd(path: string, kind: OddKind): void {
  rmSync(path, { recursive: true, force: true });
  if (existsSync(dirname(path))) oddKinds[kind](path);
}

interface ReadFile {
  readonly name: string;
  /** Below `missions/<id>/`. */
  readonly path: string;
  /** The user hears of it, since this mission then is not synced. */
  readonly told: boolean;
  /** Read when the mission is found, or starts; the others whenever something is synced. */
  readonly atDiscovery: boolean;
}

/** Everything in a mission's folder that the engine itself reads; what only commands read is tried there. */
const readFiles: readonly ReadFile[] = [
  { name: 'entry', path: 'claude-config/.credentials.json', told: true, atDiscovery: false },
  {
    name: 'needs-auth',
    path: 'claude-config/mcp-needs-auth-cache.json',
    told: false,
    atDiscovery: false,
  },
  {
    name: 'write-lock',
    path: 'claude-config/.storage-write.lock',
    told: false,
    atDiscovery: false,
  },
  { name: 'config', path: 'claude-config', told: false, atDiscovery: false },
  { name: 'mission-json', path: 'mission.json', told: false, atDiscovery: true },
  { name: 'pid', path: 'pid', told: false, atDiscovery: true },
  { name: 'shared-store', path: 'shared-store', told: false, atDiscovery: true },
  { name: 'socket', path: 'wrapper.sock', told: false, atDiscovery: true },
];

const titles: Readonly<Record<string, string>> = {
  entry: 'its entry',
  'needs-auth': 'its note of needed sign-ins',
  'write-lock': 'the lock of its entry',
  config: 'its whole config folder',
  'mission-json': 'mission.json',
  pid: 'its pid file',
  'shared-store': 'the mark of a shared store',
  socket: 'its wrapper’s socket',
};

function oddFile(file: ReadFile, kind: OddKind): Attack {
  return {
    id: `odd-${file.name}-${kind.replaceAll(/\W+/g, '-')}`,
    title: `A mission has a ${kind} where ${titles[file.name]} should be`,
    told: file.told ? ['unavailable', 'hostile', 'wipe'] : [],
    async launch({ folder, reappear }) {
      if (file.atDiscovery) await reappear((aside) => putOdd(join(aside, file.path), kind));
      else putOdd(join(folder, file.path), kind);
      return {};
    },
  };
}

/** What is worst for a reader. The others are met by the fuzzer, and by all readers in the entry's place. */
const worst: readonly OddKind[] = [
  'pipe',
  'link to a device without end',
  'link to itself',
  'file of 1.9 GB',
  'folder',
];

export const oddFileAttacks: readonly Attack[] = readFiles.flatMap((file) =>
  (file.name === 'entry' ? (Object.keys(oddKinds) as OddKind[]) : worst).map((kind) =>
    oddFile(file, kind),
  ),
);
