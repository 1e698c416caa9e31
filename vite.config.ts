import { defineConfig } from 'vite';

/** Bundles the command into one file: it starts faster, and an installed copy needs no build. */
export default defineConfig({
  build: {
    ssr: 'main/cli/index.ts',
    target: 'node24',
    outDir: 'out',
    emptyOutDir: true,
    rolldownOptions: {
      // keytar is a native module: it stays outside and is loaded only when it is needed.
      external: ['keytar'],
      output: { entryFileNames: 'cli.js', codeSplitting: false },
    },
  },
  ssr: { noExternal: true, external: ['keytar'] },
});
