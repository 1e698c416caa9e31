import type { ServerResponse } from 'node:http';
import { isoTime } from '../system/isoTime.ts';
import type { EventMessage, LiveSnapshot } from './contract/engine.ts';

type Message = EventMessage | LiveSnapshot;

/** What followers of the control socket are told, as it comes. */
export interface Feed {
  /**
   * What somebody gets who reads more slowly than there is news.
   * - `each`: every message, and is cut off once too much waits · `latest`: only the latest
   */
  readonly slow: 'each' | 'latest';
  /** @returns how to unsubscribe */
  subscribe(tell: (message: Message) => void): () => void;
}

/** A suspended reader must not grow the engine. */
export const MAX_UNSENT_BYTES = 1024 * 1024;
/** Whoever was cut off may still read the reason for so long. */
const FAREWELL_MS = 10_000;

/** Streams a feed as JSON lines until the follower leaves or does not keep up. */
export function follow(feed: Feed, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  const unsubscribe = feed.subscribe(
    feed.slow === 'latest' ? tellLatest(response) : tellEach(response, () => unsubscribe()),
  );
  response.on('close', unsubscribe);
}

/** One message is on its way, one waits: the latest. */
function tellLatest(response: ServerResponse): (message: Message) => void {
  let waiting: Message | null = null;
  let isFull = false;

  function send(): void {
    if (waiting === null || isFull) return;
    isFull = !response.write(lineOf(waiting));
    waiting = null;
  }

  response.on('drain', () => {
    isFull = false;
    send();
  });
  return (message) => {
    waiting = message;
    send();
  };
}

function tellEach(response: ServerResponse, leave: () => void): (message: Message) => void {
  return (message) => {
    if (response.writableEnded) return;
    response.write(lineOf(message));
    if (response.writableLength <= MAX_UNSENT_BYTES) return;
    leave();
    response.end(lineOf({ event: 'cut-off', at: isoTime(Date.now()) }));
    const farewell = setTimeout(() => response.destroy(), FAREWELL_MS);
    farewell.unref();
    response.on('close', () => clearTimeout(farewell));
  };
}

function lineOf(message: Message): string {
  return `${JSON.stringify(message)}\n`;
}
