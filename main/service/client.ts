import { request as httpRequest, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { errorCode } from '../system/errors.ts';
import { controlSocketPath } from '../system/socketPath.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import {
  type CommandName,
  type CommandParams,
  type CommandResult,
  commands,
  type EventMessage,
  failureSchema,
  type LiveSnapshot,
  liveSnapshotSchema,
} from './contract/engine.ts';
import { parseEvent } from './syncLog.ts';

/** No engine answers on the control socket. */
export class NoEngine extends UserError {
  constructor() {
    super('No engine is running; start one with "agenc-bar sync".', ExitCode.noEngine);
    this.name = 'NoEngine';
  }
}

/**
 * Has the running engine carry out a command.
 * @throws NoEngine if none runs · UserError with the engine's own words if the command failed
 */
export async function callEngine<C extends CommandName>(
  path: string,
  name: C,
  params: CommandParams<C>,
): Promise<CommandResult<C>> {
  const { status, body } = await post(path, name, JSON.stringify(params));
  const value: unknown = JSON.parse(body);
  if (status === 200) return commands[name].result.parse(value) as CommandResult<C>;
  const failure = failureSchema.parse(value);
  throw new UserError(failure.error, failure.exitCode as ExitCode);
}

/**
 * The running engine's events from now on, until it ends; those that come before they are read wait.
 * @throws NoEngine if none runs
 */
export async function followEngine(
  path: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<EventMessage>> {
  return eventsOf(await open(path, 'GET', '/events', '', signal));
}

/**
 * The running engine's snapshots, from the current one on, until it ends.
 * @throws NoEngine if none runs · UserError if it is of a version that pushes none
 */
export async function followSnapshots(
  path: string,
  signal: AbortSignal,
): Promise<AsyncIterable<LiveSnapshot>> {
  const response = await open(path, 'GET', '/snapshots', '', signal);
  if (response.statusCode === 200) return snapshotsOf(response);
  response.destroy();
  throw new UserError('The running engine is of another version; end it, or update AgenC Bar.');
}

async function* snapshotsOf(response: IncomingMessage): AsyncGenerator<LiveSnapshot> {
  for await (const line of createInterface({ input: response })) {
    const parsed = liveSnapshotSchema.safeParse(parseJson(line));
    if (parsed.success) yield parsed.data;
  }
}

/** A line that was cut off by the engine's end is none. */
function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

async function* eventsOf(response: IncomingMessage): AsyncGenerator<EventMessage> {
  for await (const line of createInterface({ input: response })) {
    const event = parseEvent(line);
    if (event !== null) yield event;
  }
}

async function post(
  path: string,
  name: string,
  body: string,
): Promise<{ status: number; body: string }> {
  const response = await open(path, 'POST', `/${name}`, body);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode ?? 0, body: text };
}

function open(path: string, method: string, url: string, body: string, signal?: AbortSignal) {
  const socketPath = controlSocketPath(path);
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = httpRequest(
      { socketPath, method, path: url, agent: false, ...(signal && { signal }) },
      resolve,
    );
    request.on('error', (error) => {
      const absent = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(errorCode(error));
      reject(absent ? new NoEngine() : error);
    });
    request.end(body);
  });
}
