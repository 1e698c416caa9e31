import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mission } from '../missions/mission.ts';
import { errorCode } from '../system/errors.ts';
import { request as httpRequest } from '../system/http.ts';
import { boundedLines, boundedText, TooLong } from '../system/lines.ts';
import { UserError } from '../system/userError.ts';
import {
  type WrapperCommand,
  type WrapperParams,
  type WrapperStatus,
  wrapperCommands,
  wrapperFailureSchema,
  wrapperStatusSchema,
} from './contract.ts';
import { findWrapper } from './files.ts';

/** Nobody answers on a mission's control socket. */
export class NoWrapper extends UserError {
  constructor(name: string) {
    super(`Mission ${name} is not running under a wrapper of AgenC Bar.`);
    this.name = 'NoWrapper';
  }
}

/** A wrapper answers in milliseconds; one that is stopped (SIGSTOP) never does. */
const PATIENCE_MS = 5_000;
/** A status has some 300 bytes; what is on the socket may be anybody whom the mission put there. */
const MAX_BYTES = 64 * 1024;
/** More changes than this in a second are no wrapper's; they wait, in the other's memory. */
const MAX_LINES = 50;
const SECOND_MS = 1_000;

/**
 * Has a mission's wrapper carry out a command.
 * @throws NoWrapper if none runs · UserError with the wrapper's own words if the command failed
 */
export async function callWrapper<C extends WrapperCommand>(
  mission: Pick<Mission, 'name' | 'folder'>,
  command: C,
  params: WrapperParams<C>,
): Promise<WrapperStatus> {
  if (mission.folder === null) throw new NoWrapper(mission.name);
  const socketPath = findWrapper(mission.folder);
  if (socketPath === null) throw new NoWrapper(mission.name);
  const { status, body } = await post(mission.name, socketPath, command, JSON.stringify(params));
  const value = parseJson(body);
  if (status === 200) {
    const result = wrapperCommands[command].result.safeParse(value);
    if (result.success) return result.data;
  } else {
    const failure = wrapperFailureSchema.safeParse(value);
    if (failure.success) throw new UserError(failure.data.error);
  }
  throw otherProgram(mission.name);
}

/**
 * - `answered`: a wrapper of ours did, and has ended now, or the signal was given
 * - `silent`: nobody answered, or not as a wrapper does · `hostile`: it said what none of ours says; `why`
 */
export type Following =
  | { readonly status: 'answered' | 'silent' }
  | { readonly status: 'hostile'; readonly why: string };

/**
 * Follows a mission's wrapper: tells its status now and at every change.
 * @returns resolves when the wrapper ends, the signal is given, or it says what no wrapper of ours does
 */
export function followWrapper(
  folder: string,
  tell: (status: WrapperStatus) => void,
  signal: AbortSignal,
): Promise<Following> {
  return new Promise((resolve) => {
    const socketPath = findWrapper(folder);
    if (socketPath === null) return resolve({ status: 'silent' });
    const request = httpRequest({ socketPath, path: '/status', agent: false, signal });
    // Nobody there, or it went: whoever follows looks at the pid file for what that means.
    request.on('error', () => resolve({ status: 'silent' }));
    request.on('response', (response) => {
      followLines(response, tell, signal).then(resolve, () => resolve({ status: 'silent' }));
    });
    request.end();
  });
}

async function followLines(
  response: IncomingMessage,
  tell: (status: WrapperStatus) => void,
  signal: AbortSignal,
): Promise<Following> {
  let answered = false;
  let since = performance.now();
  let lines = 0;
  try {
    for await (const line of boundedLines(response, MAX_BYTES)) {
      const status = wrapperStatusSchema.safeParse(parseJson(line));
      // Another program's answer, or one of another version.
      if (!status.success && !answered) return { status: 'silent' };
      if (!status.success) return { status: 'hostile', why: 'it answers otherwise than before' };
      answered = true;
      tell(status.data);
      lines += 1;
      if (lines < MAX_LINES) continue;
      const leftMs = since + SECOND_MS - performance.now();
      if (leftMs > 0) await sleep(leftMs, undefined, { signal, ref: false });
      since = performance.now();
      lines = 0;
    }
  } catch (error) {
    if (error instanceof TooLong) return { status: 'hostile', why: error.message };
    // It went, or the signal was given.
  }
  return { status: answered ? 'answered' : 'silent' };
}

function post(
  name: string,
  socketPath: string,
  command: string,
  body: string,
): Promise<{ status: number; body: string }> {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      // ECONNRESET: it ended just now.
      const codes = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR', 'ECONNRESET'];
      if (limit.aborted) reject(new UserError(`The wrapper of mission ${name} does not answer.`));
      else if (error instanceof TooLong) reject(otherProgram(name));
      else reject(codes.includes(errorCode(error)) ? new NoWrapper(name) : error);
    };
    const request = httpRequest(
      { socketPath, method: 'POST', path: `/${command}`, agent: false, signal: limit },
      (response) => {
        boundedText(response, MAX_BYTES)
          .then((text) => resolve({ status: response.statusCode ?? 0, body: text }))
          .catch(fail);
      },
    );
    request.on('error', fail);
    request.end(body);
  });
}

function otherProgram(name: string): UserError {
  return new UserError(
    `The wrapper of mission ${name} is of another program or version: end that mission where it runs.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not one of ours.
    return undefined;
  }
}
