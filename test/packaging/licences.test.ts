import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBuilder } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import { project } from './support/packedApp.ts';

const LAST_PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The folders of all packages that have a module in one of the bundles, as the bundler itself names them. */
async function bundledFolders(): Promise<string[]> {
  const folders = new Set<string>();
  const collect = {
    name: 'collect-packages',
    generateBundle(_: unknown, bundle: Record<string, { moduleIds?: readonly string[] }>) {
      for (const { moduleIds = [] } of Object.values(bundle))
        for (const id of moduleIds) {
          const folder = LAST_PACKAGE.exec(id.replaceAll('\0', ''))?.[0];
          if (folder !== undefined) folders.add(folder);
        }
    },
  };
  const builder = await createBuilder({
    configFile: join(project, 'vite.config.ts'),
    logLevel: 'error',
    build: { write: false },
    plugins: [collect],
  });
  for (const environment of Object.values(builder.environments)) await builder.build(environment);
  return [...folders].sort();
}

const packageOf = (folder: string): { name: string; version: string } =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** What a package says that must go wherever it goes. */
const noticesOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());

describe('what comes to users with the app', () => {
  let folders: string[];
  let sections: string[];
  beforeAll(async () => {
    const beside = [
      ...['bare-addon-resolve', 'bare-module-resolve', 'bare-semver', 'fs-native-extensions'],
      ...['keytar', 'require-addon', 'which-runtime'],
    ].map((name) => join(project, 'node_modules', name));
    folders = [...(await bundledFolders()), ...beside];
    sections = readFileSync(join(project, 'out/LICENCES.txt'), 'utf8').split(
      `\n${'-'.repeat(78)}\n`,
    );
  }, 120_000);

  it('names its author and terms: each package, in its own words', () => {
    expect(folders.length, 'the bundles hold the work of others').toBeGreaterThan(20);
    for (const folder of folders) {
      const { name, version } = packageOf(folder);
      const section = sections.find((each) => each.trim().startsWith(`${name} ${version} `));
      expect(section, `${name} ${version} is named`).toBeDefined();
      const notices = noticesOf(folder);
      expect(notices.length, `${name} has a licence`).toBeGreaterThan(0);
      for (const notice of notices) expect(section, `the words of ${name}`).toContain(notice);
    }
  });

  it('names nobody else', () => {
    const named = sections.slice(1).map((each) => each.trim().split('  (')[0]);
    const bundled = folders.map(packageOf).map(({ name, version }) => `${name} ${version}`);
    expect(named).toEqual([...new Set(bundled)].sort());
  });

  it('begins with the licence of the project itself', () => {
    expect(sections[0]).toContain(readFileSync(join(project, 'LICENSE'), 'utf8').trim());
  });

  it('leaves no notes of the build behind', () => {
    for (const folder of ['out', 'out/renderer'])
      expect(readdirSync(join(project, folder)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
