import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { errorText } from '../system/errors.ts';
import { controlSocketPath } from '../system/socketPath.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import {
  type CommandHandlers,
  type CommandName,
  commands,
  type EventMessage,
  type LiveSnapshot,
} from './contract/engine.ts';

/** Tells a listener what it has, as it comes. @returns how to unsubscribe */
export type Feed = (tell: (message: EventMessage | LiveSnapshot) => void) => () => void;

export interface ControlServer {
  close(): Promise<void>;
}

/** How long an ending engine waits for those who are connected. */
const GRACE_MS = 300;

const MAX_BODY_BYTES = 64 * 1024;

/**
 * The control socket: HTTP over a Unix socket that only this user can open, so that `curl
 * --unix-socket` speaks it too. `POST /<command>` with a JSON body; the `feeds` (`GET /events`, `GET
 * /snapshots`) stream JSON lines.
 * The caller holds the engine's lock, so a socket that lies there already is a dead engine's.
 */
export async function startControlServer(
  path: string,
  handlers: CommandHandlers,
  feeds: Readonly<Record<string, Feed>>,
): Promise<ControlServer> {
  const socketPath = controlSocketPath(path);
  rmSync(socketPath, { force: true });

  const streams = new Set<ServerResponse>();
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
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    response.flushHeaders();
    const unsubscribe = feed((message) => response.write(`${JSON.stringify(message)}\n`));
    streams.add(response);
    response.on('close', () => {
      streams.delete(response);
      unsubscribe();
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        // Node removes the socket's file too. Followers get their end, commands under way their answer.
        for (const stream of streams) stream.end();
        const cutOff = setTimeout(() => server.closeAllConnections(), GRACE_MS);
        server.close(() => {
          clearTimeout(cutOff);
          resolve();
        });
      }),
  };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
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
