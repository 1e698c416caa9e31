import { chmodSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../system/errors.ts';
import { createServer } from '../system/http.ts';
import { makeListenPlace } from '../system/socketPath.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import { type CommandHandlers, type CommandName, commands } from './contract/engine.ts';
import { type Feed, follow } from './follow.ts';

export interface ControlServer {
  close(): Promise<void>;
}

/** How long an ending engine waits for those who are connected. */
const GRACE_MS = 300;

const MAX_BODY_BYTES = 64 * 1024;
/** Each follower may hold a snapshot and a megabyte of events; no fleet has so many. */
const MAX_FOLLOWERS = 64;
/** Answers that were given and that nobody reads, all together. */
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;
/** An answer of which nothing was read for so long is given up. */
const UNREAD_MS = 30_000;

/**
 * The control socket: HTTP over a Unix socket that only this user can open, so that `curl
 * --unix-socket` speaks it too. `POST /<command>` with a JSON body; the `feeds` (`GET /events`, `GET
 * /snapshots`) stream JSON lines. Nothing that waits to be read there grows without end.
 * The caller holds the engine's lock, so a socket that lies there already is a dead engine's.
 */
export async function startControlServer(
  path: string,
  handlers: CommandHandlers,
  feeds: Readonly<Record<string, Feed>>,
): Promise<ControlServer> {
  const place = makeListenPlace(path);

  const streams = new Set<ServerResponse>();
  let unreadBytes = 0;
  const server = createServer((request, response) => {
    const feed = feeds[request.url ?? ''];
    if (request.method === 'GET' && feed !== undefined) return stream(feed, response);
    const name = request.url?.slice(1) ?? '';
    if (request.method !== 'POST' || !Object.hasOwn(commands, name)) {
      return send(response, 404, {
        error: `There is no command "${name}".`,
        exitCode: ExitCode.usage,
      });
    }
    void answer(name as CommandName, request, response);
  });

  async function answer(
    name: CommandName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    try {
      const params = commands[name].params.parse(JSON.parse((await bodyOf(request)) || '{}'));
      const handler = handlers[name] as (params: unknown) => Promise<unknown>;
      send(response, 200, await handler(params));
    } catch (error) {
      const exitCode = error instanceof UserError ? error.exitCode : ExitCode.failed;
      send(response, error instanceof UserError ? 422 : 400, { error: errorText(error), exitCode });
    }
  }

  function stream(feed: Feed, response: ServerResponse): void {
    if (streams.size >= MAX_FOLLOWERS) {
      const error = `${MAX_FOLLOWERS} programs follow this engine already; end some of them.`;
      send(response, 503, { error, exitCode: ExitCode.failed });
      return;
    }
    streams.add(response);
    response.on('close', () => streams.delete(response));
    follow(feed, response);
  }

  function send(response: ServerResponse, status: number, body: unknown): void {
    let text = JSON.stringify(body);
    let code = status;
    if (unreadBytes + text.length > MAX_UNREAD_BYTES) {
      const error = 'Too many answers of the engine wait to be read; try again in a moment.';
      text = JSON.stringify({ error, exitCode: ExitCode.failed });
      code = 503;
    }
    const { length } = text;
    unreadBytes += length;
    response.on('close', () => {
      unreadBytes -= length;
    });
    response.setTimeout(UNREAD_MS, () => response.destroy());
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(text);
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.path, resolve);
  });
  chmodSync(place.path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        // Node removes the socket's file too. Followers get their end, commands under way their answer.
        for (const stream of streams) stream.end();
        const cutOff = setTimeout(() => server.closeAllConnections(), GRACE_MS);
        server.close(() => {
          clearTimeout(cutOff);
          place.remove();
          resolve();
        });
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES)
      throw new UserError('The request is too long.', ExitCode.usage);
  }
  return body;
}
