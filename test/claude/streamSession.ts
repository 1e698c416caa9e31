import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A headless session that takes JSON lines on its stdin, one after the other, and lives until `end`. */
export interface StreamSession {
  /** Sends a prompt; resolves when the session has done all that follows from it. */
  prompt(text: string): Promise<void>;
  /** Asks the session itself for something, e.g. `{ subtype: 'mcp_reconnect', serverName }`. */
  control(request: { subtype: string } & Record<string, unknown>): Promise<void>;
  end(): Promise<void>;
}

/** What a client needs to be started with, beside its tools. */
export const STREAM_ARGS = [
  '--print',
  '--verbose',
  '--input-format',
  'stream-json',
  '--output-format',
  'stream-json',
];

interface Message {
  type: string;
  response?: { subtype: string; request_id: string; error?: string };
}

/** @param child the client, started with `STREAM_ARGS` */
export function streamSession(child: ChildProcessWithoutNullStreams): StreamSession {
  const ended = once(child, 'close');
  const waiting = new Set<(message: Message | null) => void>();
  createInterface({ input: child.stdout })
    .on('line', (line) => {
      for (const look of [...waiting]) look(JSON.parse(line) as Message);
    })
    .on('close', () => {
      for (const look of [...waiting]) look(null);
    });

  /** Sends a line, and waits for the message that answers it. */
  function ask(line: object, answers: (message: Message) => boolean): Promise<Message> {
    return new Promise((resolve, reject) => {
      const look = (message: Message | null) => {
        if (message !== null && !answers(message)) return;
        waiting.delete(look);
        if (message === null) reject(new Error('the session ended without an answer'));
        else resolve(message);
      };
      waiting.add(look);
      child.stdin.write(`${JSON.stringify(line)}\n`);
    });
  }

  return {
    async prompt(content) {
      const line = { type: 'user', message: { role: 'user', content } };
      await ask(line, ({ type }) => type === 'result');
    },
    async control(request) {
      const id = request.subtype;
      const line = { type: 'control_request', request_id: id, request };
      const { response } = await ask(line, (message) => message.response?.request_id === id);
      if (response?.subtype !== 'success') throw new Error(`${id}: ${response?.error}`);
    },
    async end() {
      child.stdin.end();
      await ended;
    },
  };
}
