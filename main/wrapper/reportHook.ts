import { connect } from 'node:net';
import { basename, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { findSocket } from '../system/socketPath.ts';
import { wrapperSocket } from './files.ts';

/**
 * Claude waits for its hooks, so that one to a wrapper that hangs is given up. A wrapper that lives answers
 * in some ms, on a machine that is very busy in some 100: a report that is lost would have a Claude at work
 * be restarted as an idle one.
 */
const LIMIT_MS = 1_000;
const MAX_INPUT_BYTES = 1024 * 1024;

export interface HookInput {
  /** One of `HOOK_EVENTS`. */
  readonly event: string;
  /** Claude's JSON on the event. Of it only a notification's type is passed on, never a prompt. */
  readonly stdin: Readable;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * `agenc-bar hook EVENT`: tells the mission's wrapper what Claude is at. Prints nothing, never fails and
 * takes no longer than a second, also when a wrapper hangs. Speaks HTTP by hand and loads next to
 * nothing, since it is run at every prompt.
 */
export async function reportHook({ event, stdin, env }: HookInput): Promise<void> {
  const folder = missionFolder(env);
  const limit = AbortSignal.timeout(LIMIT_MS);
  // Also read where it is of no use: Claude should not find its pipe closed.
  const input = readAll(stdin, limit);
  try {
    const report = event === 'Notification' ? notification(await input) : { event };
    const socket = folder === null ? null : findSocket(wrapperSocket(folder));
    if (socket !== null) await post(socket, report, limit);
    await input;
  } catch {
    // An input that is none: that is no business of Claude's.
  } finally {
    stdin.destroy();
  }
}

/** The mission that the hook's Claude runs in; `null` if it runs in none. */
function missionFolder({
  CLAUDE_CONFIG_DIR,
  AGENC_MISSION_UUID,
}: NodeJS.ProcessEnv): string | null {
  if (!CLAUDE_CONFIG_DIR || !AGENC_MISSION_UUID) return null;
  const folder = dirname(CLAUDE_CONFIG_DIR);
  return basename(folder) === AGENC_MISSION_UUID ? folder : null;
}

function notification(input: string): object {
  const { notification_type: type } = JSON.parse(input) as { notification_type?: unknown };
  return { event: 'Notification', ...(typeof type === 'string' && { notificationType: type }) };
}

function readAll(stdin: Readable, limit: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const done = () => resolve(text);
    stdin.setEncoding('utf8');
    stdin.on('data', (chunk: string) => {
      if (text.length < MAX_INPUT_BYTES) text += chunk;
    });
    for (const event of ['end', 'close', 'error']) stdin.once(event, done);
    limit.addEventListener('abort', done);
  });
}

/** Resolves also when there is no wrapper, or none that answers in time. */
function post(socketPath: string, report: object, limit: AbortSignal): Promise<void> {
  const body = JSON.stringify(report);
  return new Promise((resolve) => {
    if (limit.aborted) return resolve();
    const connection = connect({ path: socketPath });
    const done = () => {
      connection.destroy();
      resolve();
    };
    for (const event of ['data', 'error', 'close']) connection.once(event, done);
    limit.addEventListener('abort', done);
    const length = Buffer.byteLength(body);
    connection.end(
      `POST /hook HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n${body}`,
    );
  });
}
