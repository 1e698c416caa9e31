import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Several tests start processes and watch files; the machine may be small and busy.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 20_000 } },
    setupFiles: ['test/support/guard.ts'],
    // Much of a test is waiting for other processes.
    maxWorkers: 3,
  },
});
