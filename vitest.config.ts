import { defineConfig } from 'vitest/config';

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

export default defineConfig({
  test: {
    // Several tests start processes and watch files; the machine may be small and busy.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    setupFiles: ['test/support/guard.ts'],
    // Much of a test is waiting for other processes.
    maxWorkers: 5,
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
          exclude: [...UNITS, 'renderer'].map((folder) => `test/${folder}/**`),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
