import type { ChildProcess } from 'node:child_process';
import type { Question, Reply } from '../double/control.ts';
import type { Handles } from '../double/handles.ts';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}
/** Without its number. */
type Asked = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never;

/** The test's end of the way to the main process under the stand-in. */
export class Talk {
  /** Where Chromium listens, once a window asked for it. */
  readonly endpoint: Promise<string>;
  readonly exited: Promise<number | null>;
  output = '';
  runs = true;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    const endpoint = Promise.withResolvers<string>();
    this.endpoint = endpoint.promise;
    // Whoever needs it gets the failure; an app that ends without a window is none.
    this.endpoint.catch(() => undefined);
    child.on('message', (reply: Reply) => {
      if ('endpoint' in reply) endpoint.resolve(reply.endpoint);
      else this.#settle(reply);
    });
    this.exited = new Promise((resolve) => {
      // `close`: all of the output is here by then.
      child.once('close', (code) => {
        this.runs = false;
        const error = new Error(`The app has ended (code ${code}).\n${this.output}`);
        endpoint.reject(error);
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
        resolve(code);
      });
    });
  }

  run(text: string, arg?: unknown): Promise<unknown> {
    return this.#ask({ run: text, arg });
  }

  handle(name: keyof Handles, args: unknown[]): Promise<unknown> {
    return this.#ask({ handle: name, args });
  }

  #ask(asked: Asked): Promise<unknown> {
    if (!this.runs) return Promise.reject(new Error(`The app has ended.\n${this.output}`));
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...asked, id }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  #settle(reply: Exclude<Reply, { endpoint: string }>): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.value);
  }
}
