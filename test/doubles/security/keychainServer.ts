import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Keychain } from './keychain.ts';
import { type Call, runTool } from './tool.ts';

/**
 * Answers the processes of `security` (the script beside this file), each over a connection of its own. What it
 * says: its pid, how many arguments, these, its input; what it hears: exit code, output, errors; each ends with a NUL.
 * A process that is killed ends its connection, and what it was at.
 */
export async function serveKeychain(keychain: Keychain): Promise<Server> {
  const server = createServer((socket) => void answer(keychain, socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A test that fails shall not wait for it.
  server.unref();
  return server;
}

export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function answer(keychain: Keychain, socket: Socket): Promise<void> {
  const killed = new AbortController();
  socket.on('close', () => killed.abort());
  socket.on('error', () => killed.abort());
  const call = await receive(socket, killed.signal);
  if (call === null) return;
  try {
    const { code, out, err } = await runTool(keychain, call);
    socket.end(`${[code, out, err].join('\0')}\0`);
  } catch (error) {
    // Only the script can say it where a test sees it; a killed one has nobody to tell.
    if (!killed.signal.aborted) socket.end(`70\0\0${(error as Error).stack}\0`);
  }
}

/** @returns `null` where it was killed before all was said */
function receive(socket: Socket, killed: AbortSignal): Promise<Call | null> {
  return new Promise((resolve) => {
    let said = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      said = Buffer.concat([said, chunk]);
      const call = callIn(said, killed);
      if (call !== null) resolve(call);
    });
    killed.addEventListener('abort', () => resolve(null));
  });
}

function callIn(said: Buffer, killed: AbortSignal): Call | null {
  if (said.at(-1) !== 0) return null;
  const [pid, count, ...words] = said.toString('latin1').slice(0, -1).split('\0');
  if (count === undefined || words.length !== Number(count) + 1) return null;
  const input = Buffer.from(words.pop() ?? '', 'latin1');
  const argv = words.map((word) => Buffer.from(word, 'latin1').toString('utf8'));
  return { pid: Number(pid), argv, input, killed };
}
