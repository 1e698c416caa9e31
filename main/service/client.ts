import type { IncomingMessage } from 'node:http';
import { errorCode } from '../system/errors.ts';
import { request as httpRequest } from '../system/http.ts';
import { boundedLines, boundedText } from '../system/lines.ts';
import { findSocket } from '../system/socketPath.ts';
import { ExitCode, UserError } from '../system/userError.ts';
import {
  type CommandName,
  type CommandParams,
  type CommandResult,
  type EventMessage,
  failureSchema,
  type LiveSnapshot,
} from './contract/engine.ts';
import { parseLive, parseResult } from './lenient.ts';
import { parseEvent } from './syncLog.ts';

/**
 * Of an answer, or of a line of a stream: a thousand missions with 50 servers each come to 20 MB; with 400,
 * which one mission can bring upon all, to 160 MB. That must not blind whoever looks for the reason.
 */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
/** What a command may wait for (a keychain's dialog, a mission's clone) is over long before. */
const ANSWER_MS = 300_000;

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
  if (status === 200) return parseResult(name, parseJson(body));
  throw failureOf(body);
}

/** What a command came to, in the engine's own words. */
function failureOf(body: string): UserError {
  const failure = failureSchema.safeParse(parseJson(body)).data;
  if (failure !== undefined) return new UserError(failure.error, failure.exitCode as ExitCode);
  return new UserError(
    'What answers on the control socket is no engine, or one of another version.',
  );
}

/**
 * The running engine's events from now on, until it ends; those that come before they are read wait.
 * @throws NoEngine if none runs
 */
export async function followEngine(
  path: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<EventMessage>> {
  const response = await open(path, 'GET', '/events', '', signal);
  if (response.statusCode === 200) return eventsOf(response);
  throw failureOf(await boundedText(response, MAX_ANSWER_BYTES));
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
  for await (const line of linesOf(response)) {
    const live = parseLive(parseJson(line));
    if (live !== null) yield live;
  }
}

/** The end of an engine, also of one that was killed, ends them. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  try {
    yield* boundedLines(response, MAX_ANSWER_BYTES);
  } catch (error) {
    const code = errorCode(error);
    if (!['ECONNRESET', 'ABORT_ERR', 'ERR_STREAM_PREMATURE_CLOSE'].includes(code)) throw error;
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
  for await (const line of linesOf(response)) {
    const event = parseEvent(line);
    if (event !== null) yield event;
  }
}

async function post(
  path: string,
  name: string,
  body: string,
): Promise<{ status: number; body: string }> {
  const patience = AbortSignal.timeout(ANSWER_MS);
  try {
    const response = await open(path, 'POST', `/${name}`, body, patience);
    const text = await boundedText(response, MAX_ANSWER_BYTES);
    return { status: response.statusCode ?? 0, body: text };
  } catch (error) {
    if (!patience.aborted) throw error;
    throw new UserError(`The engine gave no answer to "${name}" in ${ANSWER_MS / 60_000} minutes.`);
  }
}

function open(path: string, method: string, url: string, body: string, signal?: AbortSignal) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const socketPath = findSocket(path);
    if (socketPath === null) throw new NoEngine();
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
