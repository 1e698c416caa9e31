import { watch } from 'chokidar';

export interface Source {
  readonly path: string;
  readonly onChange: () => void;
}

/**
 * Watches the few files that concern the engine as a whole, whether they exist yet or not;
 * resolves once it does. A failing watch is backed by the engine's poll.
 */
export async function watchSources(
  sources: readonly Source[],
): Promise<{ dispose(): Promise<void> }> {
  const byPath = new Map(sources.map(({ path, onChange }) => [path, onChange]));
  // `atomic: false`: a replaced file is reported at once, not after a wait for more.
  const watcher = watch([...byPath.keys()], { ignoreInitial: true, atomic: false });
  watcher.on('all', (_, path) => byPath.get(path)?.());
  // Without a listener an error would end the process; the poll looks at all of these too.
  watcher.on('error', () => undefined);
  await new Promise<void>((resolve) => watcher.once('ready', resolve));
  return { dispose: () => watcher.close() };
}
