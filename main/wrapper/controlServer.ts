import { chmodSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorText } from '../system/errors.ts';
import { createServer } from '../system/http.ts';
import { makeListenPlace } from '../system/socketPath.ts';
import { UserError } from '../system/userError.ts';
import {
  type WrapperCommand,
  type WrapperHandlers,
  type WrapperStatus,
  wrapperCommands,
} from './contract.ts';
import { requireOwnFolder } from './files.ts';

export interface WrapperServer {
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 16 * 1024;
/** How long an ending wrapper waits for those who are connected. */
const GRACE_MS = 300;

/**
 * A wrapper's control socket: HTTP that only this user can speak to, `POST /<command>` with a JSON body,
 * and `GET /status` for those who follow it.
 * The caller holds the mission's pid file, so a socket that lies there already is a dead wrapper's.
 */
export async function startWrapperServer(
  wanted: string,
  handlers: WrapperHandlers,
  follow: (tell: (status: WrapperStatus) => void) => () => void,
): Promise<WrapperServer> {
  requireOwnFolder(wanted);
  const place = makeListenPlace(wanted);
  const streams = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    if (request.method === 'GET' && request.url === '/status') stream(response);
    else void answer(handlers, request, response);
  });

  function stream(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', connection: 'close' });
    const unfollow = follow((status) => response.write(`${JSON.stringify(status)}\n`));
    streams.add(response);
    response.on('close', () => {
      streams.delete(response);
      unfollow();
    });
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(place.path, resolve);
  });
  chmodSync(place.path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        // Node removes the socket's file too.
        for (const each of streams) each.end();
        const cutOff = setTimeout(() => server.closeAllConnections(), GRACE_MS);
        server.close(() => {
          clearTimeout(cutOff);
          place.remove();
          resolve();
        });
      }),
  };
}

async function answer(
  handlers: WrapperHandlers,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = request.url?.slice(1) ?? '';
  if (request.method !== 'POST' || !isCommand(name)) {
    return send(response, 404, { error: `There is no command "${name}".` });
  }
  try {
    const params = wrapperCommands[name].params.parse(JSON.parse((await bodyOf(request)) || '{}'));
    const handler = handlers[name] as (params: unknown) => unknown;
    send(response, 200, handler(params));
  } catch (error) {
    send(response, error instanceof UserError ? 422 : 400, { error: errorText(error) });
  }
}

function isCommand(name: string): name is WrapperCommand {
  return Object.hasOwn(wrapperCommands, name);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk;
    if (body.length > MAX_BODY_BYTES) throw new UserError('The request is too long.');
  }
  return body;
}
