import type { Supervisor } from './supervisor.ts';

/** Where signals come from: `process`. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

/**
 * SIGTERM and SIGHUP end Claude, and with it the wrapper. SIGINT and SIGQUIT are the terminal's, which
 * sends them to Claude as well: an interactive Claude decides, and the wrapper stays.
 * @returns how to stop listening
 */
export function listenForSignals(
  source: SignalSource,
  mode: 'interactive' | 'headless',
  supervisor: Pick<Supervisor, 'state' | 'stop'>,
): () => void {
  const listeners = (['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const).map((signal) => {
    const fromKeyboard = signal === 'SIGINT' || signal === 'SIGQUIT';
    const listener = () => {
      const claudeDecides = mode === 'interactive' && supervisor.state().phase !== 'starting';
      if (fromKeyboard && claudeDecides) return;
      supervisor.stop({ by: 'signal', signal });
    };
    source.on(signal, listener);
    return [signal, listener] as const;
  });
  return () => {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
}
