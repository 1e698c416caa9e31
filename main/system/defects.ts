import { errorCode } from './errors.ts';

/**
 * What is said of a defect of ours: its kind and where it was. Its message only where that is the system's
 * (paths and codes): a parser's may quote what it was given, and that may be a token.
 */
export function defectText(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is no error was thrown';
  if (errorCode(error) !== '' && 'syscall' in error) return error.message;
  const code = errorCode(error);
  return `${error.name}${code === '' ? '' : ` ${code}`}${placeOf(error)}`;
}

/**
 * Keeps this process alive, whatever is thrown where nobody catches it: whoever waits for an answer of a
 * server, or watches a hundred missions, must not end for one of them.
 * @returns its own end
 */
export function surviveDefects(tell: (what: string) => void): () => void {
  const onDefect = (error: unknown): void => {
    try {
      tell(defectText(error));
    } catch {
      // Telling it failed as well; an exception from here would end the process after all.
    }
  };
  process.on('uncaughtException', onDefect);
  process.on('unhandledRejection', onDefect);
  return () => {
    process.off('uncaughtException', onDefect);
    process.off('unhandledRejection', onDefect);
  };
}

/** The first line of the stack that names a place in a file. The lines before it are the message. */
function placeOf({ stack = '', message }: Error): string {
  const frames = stack.slice(stack.indexOf(message) + message.length);
  const [, place] = /^\s+at (.*:\d+:\d+\)?)$/m.exec(frames) ?? [];
  return place === undefined ? '' : ` at ${place}`;
}
