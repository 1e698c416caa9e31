import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';

/** One package as vite's `build.license` tells of it. */
interface Bundled {
  readonly name: string;
  readonly version: string;
  /** SPDX */
  readonly identifier?: string;
  readonly text?: string;
}

/** The notices, beside the bundles: what the app shows, and what is packed with it. */
export const LICENCES_FILE = 'LICENCES.txt';
/** Where each bundle notes its packages until they are put together; relative to that bundle's folder. */
const NOTES = /^\.licences-\w+\.json$/;
/** What is shipped beside the bundles. Electron brings its own notices. */
const SHIPPED = [
  'bare-addon-resolve',
  'bare-module-resolve',
  'bare-semver',
  'fs-native-extensions',
  'keytar',
  'require-addon',
  'which-runtime',
];
const LICENCE_FILE = /^(licen[cs]e|copying)(\.|-|$)/i;
const NOTICE_FILE = /^notice(\.|$)/i;

/** For vite's `build.license`. @param bundle a word that no other bundle has */
export function noteLicences(bundle: string): { fileName: string } {
  return { fileName: `.licences-${bundle}.json` };
}

/**
 * Writes one file with the licence of the project and of everything that comes to users with it, once all
 * bundles are there. A package without a licence text fails the build.
 * @param project its folder · `folders`: those that bundles are written to
 */
export function licences(project: string, folders: readonly string[]): Plugin {
  return {
    name: 'agenc-bar:licences',
    buildApp: {
      order: 'post',
      async handler(builder) {
        // Said here, since a hook of this name takes the building of the rest upon itself.
        for (const environment of Object.values(builder.environments))
          if (!environment.isBuilt) await builder.build(environment);
        const bundled = folders.flatMap((folder) => takeNotes(join(project, folder)));
        const shipped = SHIPPED.map((name) => readPackage(project, name));
        mkdirSync(join(project, 'out'), { recursive: true });
        const own = readFileSync(join(project, 'LICENSE'), 'utf8');
        const text = compose(own, project, [...bundled, ...shipped]);
        writeFileSync(join(project, 'out', LICENCES_FILE), text);
      },
    },
  };
}

function takeNotes(folder: string): Bundled[] {
  const names = readdirSync(folder).filter((name) => NOTES.test(name));
  const found = names.flatMap(
    (name): Bundled[] => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Bundled[],
  );
  for (const name of names) rmSync(join(folder, name));
  return found;
}

function readPackage(project: string, name: string): Bundled {
  const folder = join(project, 'node_modules', name);
  const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { name: found.name, version: found.version, identifier: found.license };
}

function compose(own: string, project: string, packages: readonly Bundled[]): string {
  const byId = new Map(packages.map((each) => [`${each.name} ${each.version}`, each]));
  const sections = [...byId]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, each]) => `${id}  (${each.identifier ?? 'see below'})\n\n${textOf(each, project)}`);
  const rule = `\n\n${'-'.repeat(78)}\n\n`;
  const intro = `AgenC Bar holds the work of others. What follows is theirs, and under their terms.`;
  return `${['AgenC Bar\n', own.trim(), `\n${intro}`].join('\n')}${rule}${sections.join(rule)}\n`;
}

/** Its licence, and the notice that Apache's wants handed on. */
function textOf({ name, text }: Bundled, project: string): string {
  const folder = join(project, 'node_modules', name.replace(/^@github\/keytar$/, 'keytar'));
  const files = readdirSync(folder);
  const read = (pattern: RegExp): string[] =>
    files
      .filter((file) => pattern.test(file))
      .map((file) => readFileSync(join(folder, file), 'utf8').trim());
  const licence = text ?? read(LICENCE_FILE).join('\n\n');
  if (licence === '')
    throw new Error(`${name} has no licence text: say in build/licences.ts what it is under.`);
  return [licence, ...read(NOTICE_FILE)].join('\n\n');
}
