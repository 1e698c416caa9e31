/**
 * Tells every listener, whatever those before it did: one that throws disturbs neither the others nor whoever tells.
 * As with Node's own EventTarget, its error ends where those end that nobody catches (`surviveDefects`).
 */
export function tellEach<T>(
  listeners: Iterable<(message: T) => void>,
  message: T,
  onDefect: (error: unknown) => void = throwLater,
): void {
  for (const tell of [...listeners]) {
    try {
      tell(message);
    } catch (error) {
      onDefect(error);
    }
  }
}

function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
