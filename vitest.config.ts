import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders whose tests start nothing, or little: their verdict comes first. */
const UNITS = [
  'broadcast',
  'credentials',
  'journal',
  'missions',
  'packaging',
  'refresh',
  'service',
  'sync',
  'system',
  'trust',
];

/**
 * What the real client does, without a line of ours. As its version is pinned they say the same every time, so
 * `npm run test:claude` has them and `npm test` does not.
 */
const MEASUREMENTS = ['test/claude/client.test.ts', 'test/claude/routing.test.ts'];

/** Folders whose files take long for their size: begun first, so that no worker is left alone with one at the end. */
const LONG = ['hostile', 'claude', 'electron'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONG.some((folder) => moduleId.includes(`/test/${folder}/`));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    // Several tests start processes and watch files; the machine may be small and busy.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    sequence: { sequencer: LongestFirst },
    setupFiles: ['test/support/guard.ts'],
    // Much of a test is waiting for other processes.
    maxWorkers: 4,
    // A worker costs more than most files; the guard gives each file a HOME of its own all the same.
    isolate: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: UNITS.map((folder) => `test/${folder}/**/*.test.ts`),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'page',
          include: ['test/renderer/**/*.test.ts'],
          globalSetup: ['test/renderer/support/globalSetup.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: ['test/**/*.test.ts'],
          exclude: [
            ...[...UNITS, 'renderer'].map((folder) => `test/${folder}/**`),
            ...MEASUREMENTS,
          ],
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'client', include: MEASUREMENTS, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
