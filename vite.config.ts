import optimizeLocales from '@react-aria/optimize-locales-plugin';
import react from '@vitejs/plugin-react';
import { type BuildEnvironmentOptions, defineConfig } from 'vite';
import { licences, noteLicences } from './build/licences.ts';

/**
 * Four bundles, so that an installed copy needs no node_modules but keytar and fs-native-extensions: the command (in parts, loaded
 * by the commands that need them: what hooks run is the smallest, the engine the largest), the app's main process, its preload script (CommonJS: it runs sandboxed)
 * and its page.
 */
export default defineConfig({
  root: 'renderer',
  // The page is served from agenc-bar://app/, and nothing in it knows that.
  base: './',
  publicDir: false,
  plugins: [
    react(),
    { ...optimizeLocales.vite({ locales: ['en-US'] }), enforce: 'pre' },
    licences(import.meta.dirname, ['out', 'out/renderer']),
  ],
  builder: {},
  environments: {
    client: {
      build: {
        outDir: '../out/renderer',
        emptyOutDir: true,
        target: 'chrome140',
        // The content security policy allows no data: URLs but for images.
        assetsInlineLimit: 0,
        modulePreload: false,
        license: noteLicences('page'),
        // One page from the disk: there is nothing to gain by splitting it.
        chunkSizeWarningLimit: 900,
      },
    },
    cli: node('cli', { input: 'main/cli/index.ts', file: 'cli.js', rest: 'cli-[name].js' }),
    main: node('main', { input: 'electron/index.ts', file: 'electron/main.js' }),
    preload: node('preload', {
      input: 'electron/preload.ts',
      file: 'electron/preload.cjs',
      format: 'cjs',
    }),
  },
});

function node(
  name: string,
  bundle: { input: string; file: string; rest?: string; format?: 'cjs' },
): {
  consumer: 'server';
  resolve: { noExternal: true; external: string[]; conditions: string[] };
  build: BuildEnvironmentOptions;
} {
  // Native modules stay outside, and are loaded only when they are needed.
  const external = ['keytar', 'fs-native-extensions', 'electron'];
  return {
    consumer: 'server',
    resolve: { noExternal: true, external, conditions: ['node', 'import', 'module', 'default'] },
    build: {
      ssr: true,
      target: 'node24',
      outDir: '../out',
      emptyOutDir: false,
      copyPublicDir: false,
      license: noteLicences(name),
      rolldownOptions: {
        input: bundle.input,
        external,
        output: {
          entryFileNames: bundle.file,
          format: bundle.format ?? 'es',
          codeSplitting: bundle.rest !== undefined,
          ...(bundle.rest !== undefined && { chunkFileNames: bundle.rest }),
        },
      },
    },
  };
}
