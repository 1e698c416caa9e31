import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MARK } from '../support/fake.ts';
import { until } from '../support/until.ts';
import { allArguments, descriptorsOf, memoryOf } from './processFacts.ts';
import { type Scene, said } from './scene.ts';
import { BOGUS } from './thief.ts';

/** Beyond this an engine with a few dozen missions has kept what it should have let go of. */
export const MEMORY_LIMIT_MB = 400;
/** A connection and a watch here and there; not one for each thing that an attacker does. */
const MORE_DESCRIPTORS = 60;
/** Nothing that the engine writes is larger; attackers make huge files that hold nothing. */
const LARGEST_READ = 16 * 1024 * 1024;

/**
 * What does not hold of all that must, whatever a mission does: a line each, none if all is well.
 * @param intruders folders that are the attacker's own, not looked into
 */
export async function harmTo(scene: Scene, intruders: readonly string[]): Promise<string[]> {
  const { engine, world, thief, follower } = scene;
  if (!engine.alive()) return [`the engine is gone. ${said(engine)}`];
  const status = await world.status();
  const inTheOpen = [
    ['the engine printed a token', engine.output()],
    ['a token is in its status', JSON.stringify(status)],
    ['a token is in the arguments of a process', allArguments()],
  ].flatMap(([what = '', text = '']) => (hasSecret(text) ? [what] : []));
  return [
    ...(status.engine.pid === engine.pid ? [] : ['another engine answers']),
    ...thief.stolen().map((path) => `somebody else’s token reached the attacker (${path})`),
    ...inTheOpen,
    ...(follower.sawSecret() ? ['a follower was told a token'] : []),
    ...secretFiles(world.root, intruders).map((path) => `a token lies in ${path}`),
    ...(await usageOf(scene)),
  ];
}

/** Memory and descriptors may be on their way down. */
async function usageOf({ engine: { pid }, descriptors }: Scene): Promise<string[]> {
  const isLittle = () =>
    memoryOf(pid).now < MEMORY_LIMIT_MB && descriptorsOf(pid) < descriptors + MORE_DESCRIPTORS;
  return until('little memory and few descriptors', isLittle).then(
    () => [],
    () => [
      `the engine holds ${Math.round(memoryOf(pid).now)} MB and ${descriptorsOf(pid)} descriptors (${descriptors} at first)`,
    ],
  );
}

function hasSecret(text: string): boolean {
  return text.includes(MARK) || text.includes(BOGUS);
}

/** Files with a token in them that are no entry, outside of the folders that are the attacker's. */
function secretFiles(root: string, intruders: readonly string[]): string[] {
  return filesBelow(root, intruders).filter((path) => {
    // Also an entry's temporary file, which is there for milliseconds.
    if (basename(path).startsWith('.credentials.json')) return false;
    try {
      return hasSecret(readFileSync(path, 'latin1'));
    } catch {
      // It went between two looks.
      return false;
    }
  });
}

/** Regular files, links not followed. */
function filesBelow(folder: string, leftOut: readonly string[]): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    if (leftOut.includes(path)) return [];
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) return filesBelow(path, leftOut);
    return stat?.isFile() && stat.size < LARGEST_READ ? [path] : [];
  });
}
