/** The way between the test and the main process: node's own channel to a child process. */
import { runInThisContext } from 'node:vm';
import { rawApp } from './app.ts';
import { browserEndpoint } from './browser.ts';
import { handles } from './handles.ts';

/** What the test asks: to run a function of its own here, or one of the handles. */
export type Question =
  | { readonly id: number; readonly run: string; readonly arg: unknown }
  | { readonly id: number; readonly handle: keyof typeof handles; readonly args: unknown[] };

export type Reply =
  /** Where Chromium listens. */
  | { readonly endpoint: string }
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string };

/** Answers a test, if one listens, and ends with it. The open channel keeps the process, as Electron is kept. */
export function serveTest(electron: object): void {
  const send = process.send?.bind(process);
  if (send === undefined) return;
  process.on('message', (question: Question) => {
    void answer(electron, question).then((reply) => send(reply));
  });
  process.on('disconnect', () => rawApp.exit(0));
  void browserEndpoint().then((endpoint) => send({ endpoint } satisfies Reply));
}

async function answer(electron: object, question: Question): Promise<Reply> {
  const { id } = question;
  try {
    if ('run' in question) {
      const run = runInThisContext(`(${question.run})`) as (e: object, a: unknown) => unknown;
      return { id, value: copied(await run(electron, question.arg)) };
    }
    const handle = handles[question.handle] as (...args: unknown[]) => unknown;
    return { id, value: copied(await handle(...question.args)) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? String(error)) : String(error) };
  }
}

/** Fails here, with the test's own call in view, if it cannot cross. */
function copied(value: unknown): unknown {
  return structuredClone(value);
}
