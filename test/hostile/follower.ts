import { get, type IncomingMessage } from 'node:http';
import { findSocket } from '../../main/system/socketPath.ts';
import { MARK } from '../support/fake.ts';
import { BOGUS } from './thief.ts';

/** Somebody who follows the engine as the app does, and reads all that it is told. */
export interface Follower {
  /** Whether a token came in any of it. */
  sawSecret(): boolean;
  /** Lines so far. */
  lines(): number;
  close(): void;
}

/** Follows `/snapshots` and `/events` of an engine. What it was told is looked through, not kept. */
export function follow(socket: string): Follower {
  let secret = false;
  let lines = 0;
  const requests = ['/snapshots', '/events'].map((path) => {
    let rest = '';
    const request = get({ socketPath: findSocket(socket) ?? socket, path, agent: false });
    request.on('response', (response: IncomingMessage) => {
      response.setEncoding('utf8').on('data', (chunk: string) => {
        // A token may lie across two chunks, and is shorter than what is kept of the one before.
        const text = rest + chunk;
        secret ||= text.includes(MARK) || text.includes(BOGUS);
        rest = text.slice(-64);
        lines += chunk.split('\n').length - 1;
      });
      response.on('error', ignore);
    });
    // The engine ends at the end of each scene, or is killed.
    request.on('error', ignore);
    return request;
  });
  return {
    sawSecret: () => secret,
    lines: () => lines,
    close() {
      for (const request of requests) request.destroy();
    },
  };
}

function ignore(): void {
  // Whoever follows looks at what came; that no more comes is for others to notice.
}
