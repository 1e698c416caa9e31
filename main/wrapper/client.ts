import { request as httpRequest } from 'node:http';
import { createInterface } from 'node:readline';
import type { Mission } from '../missions/mission.ts';
import { errorCode } from '../system/errors.ts';
import { controlSocketPath } from '../system/socketPath.ts';
import { UserError } from '../system/userError.ts';
import {
  type WrapperCommand,
  type WrapperParams,
  type WrapperStatus,
  wrapperCommands,
  wrapperFailureSchema,
  wrapperStatusSchema,
} from './contract.ts';
import { wrapperSocket } from './files.ts';

/** Nobody answers on a mission's control socket. */
export class NoWrapper extends UserError {
  constructor(name: string) {
    super(`Mission ${name} is not running under a wrapper of AgenC Bar.`);
    this.name = 'NoWrapper';
  }
}

/** A wrapper answers in milliseconds; one that is stopped (SIGSTOP) never does. */
const PATIENCE_MS = 5_000;

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
  const socketPath = controlSocketPath(wrapperSocket(mission.folder));
  const { status, body } = await post(mission.name, socketPath, command, JSON.stringify(params));
  const value = parseJson(body);
  if (status === 200) {
    const result = wrapperCommands[command].result.safeParse(value);
    if (result.success) return result.data;
  } else {
    const failure = wrapperFailureSchema.safeParse(value);
    if (failure.success) throw new UserError(failure.data.error);
  }
  throw new UserError(
    `The wrapper of mission ${mission.name} is of another program or version: end that mission where it runs.`,
  );
}

/**
 * Follows a mission's wrapper: tells its status now and at every change.
 * @returns resolves when the wrapper ends or the signal is given; `false`: nobody of ours answered
 */
export function followWrapper(
  folder: string,
  tell: (status: WrapperStatus) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const socketPath = controlSocketPath(wrapperSocket(folder));
  return new Promise((resolve) => {
    let answered = false;
    const done = () => resolve(answered);
    const request = httpRequest({ socketPath, path: '/status', agent: false, signal });
    // Nobody there, or it went: whoever follows looks at the pid file for what that means.
    request.on('error', done);
    request.on('response', (response) => {
      response.on('error', done);
      const lines = createInterface({ input: response });
      lines.on('line', (line) => {
        const status = wrapperStatusSchema.safeParse(parseJson(line));
        if (!status.success) return;
        answered = true;
        tell(status.data);
      });
      // Its end may come before the last lines are read out.
      lines.on('close', done);
      lines.on('error', done);
    });
    request.end();
  });
}

function post(
  name: string,
  socketPath: string,
  command: string,
  body: string,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { socketPath, method: 'POST', path: `/${command}`, agent: false, timeout: PATIENCE_MS },
      async (response) => {
        try {
          let text = '';
          for await (const chunk of response.setEncoding('utf8')) text += chunk;
          resolve({ status: response.statusCode ?? 0, body: text });
        } catch (error) {
          reject(error);
        }
      },
    );
    request.on('timeout', () => {
      request.destroy(new UserError(`The wrapper of mission ${name} does not answer.`));
    });
    request.on('error', (error) => {
      // ECONNRESET: it ended just now.
      const codes = ['ENOENT', 'ECONNREFUSED', 'ENOTSOCK', 'ENOTDIR', 'ECONNRESET'];
      reject(codes.includes(errorCode(error)) ? new NoWrapper(name) : error);
    });
    request.end(body);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not one of ours.
    return undefined;
  }
}
