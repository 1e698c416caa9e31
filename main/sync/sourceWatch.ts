import { watch } from 'chokidar';

export interface Source {
  readonly path: string;
  readonly onChange: () => void;
}

export interface SourceWatch {
  /** Resolves once all are watched. */
  readonly ready: Promise<void>;
  /** Tells of each once, as it may have changed meanwhile; from then on of every change. */
  begin(): void;
  /** Nothing is told any more from the call on. May be called again. */
  dispose(): Promise<void>;
}

/**
 * Watches the few files that concern the engine as a whole, whether they exist yet or not; tells nothing
 * before it is to begin. A failing watch is backed by the engine's poll.
 */
export function watchSources(sources: readonly Source[]): SourceWatch {
  const byPath = new Map(sources.map(({ path, onChange }) => [path, onChange]));
  let tells = false;
  // `atomic: false`: a replaced file is reported at once, not after a wait for more.
  const watcher = watch([...byPath.keys()], { ignoreInitial: true, atomic: false });
  watcher.on('all', (_, path) => {
    if (tells) byPath.get(path)?.();
  });
  // Without a listener an error would end the process; the poll looks at all of these too.
  watcher.on('error', () => undefined);
  return {
    ready: new Promise((resolve) => watcher.once('ready', resolve)),
    begin() {
      tells = true;
      for (const { onChange } of sources) onChange();
    },
    dispose() {
      tells = false;
      return watcher.close();
    },
  };
}
